// Settings pages: they work without this script; it adds local times, keeps the list of active calls alive,
// hides fields that do not matter and turns the number table into a dialog that saves itself when it closes.
(() => {
  "use strict";
  const lang = document.documentElement.lang;
  const localTimes = (within) => {
    for (const time of within.querySelectorAll("time[data-local]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.title = time.textContent;
      // In a story the day is known and what matters is which came first.
      const clock = { hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 };
      const styles = { clock, day: { dateStyle: "long" } };
      time.textContent = at.toLocaleString(lang, styles[time.dataset.local] || { dateStyle: "short", timeStyle: "medium" });
    }
  };
  localTimes(document);

  // What is wrong or waits changes by itself; people who listen to the page are told when something comes or goes, but not
  // every minute how long it has lasted.
  const news = document.getElementById("state-news");
  const titles = (part) => [...part.querySelectorAll("h2 strong")].map((title) => title.textContent).join(". ");

  const renew = (part, fresh) => {
    localTimes(fresh);
    // What somebody has opened stays open.
    for (const open of part.querySelectorAll("details[open][id]")) {
      const same = fresh.querySelector(`#${CSS.escape(open.id)}`);
      if (same) same.open = true;
    }
    if (fresh.innerHTML === part.innerHTML) return;
    const before = titles(part);
    if (part.dataset.done && part.childElementCount && !fresh.childElementCount) {
      // It does not just vanish: people have waited for this.
      const notice = Object.assign(document.createElement("p"), { className: "notice good", textContent: part.dataset.done });
      notice.setAttribute("role", "status");
      return part.replaceChildren(notice);
    }
    part.replaceChildren(...fresh.childNodes);
    if (part.id === "state" && news && titles(part) !== before) news.textContent = titles(part) || part.dataset.well;
  };

  // Parts marked so are fetched again every few seconds, while somebody looks; those of one address together.
  const live = new Map();
  for (const part of document.querySelectorAll("[data-live]")) {
    const from = part.dataset.from || location.href;
    live.set(from, [...(live.get(from) || []), part]);
  }
  for (const [from, parts] of live) {
    setInterval(async () => {
      const idle = parts.filter((part) => !part.contains(document.activeElement));
      if (document.hidden || !idle.length) return;
      try {
        const answer = await fetch(from, { headers: { Accept: "text/html" } });
        if (!answer.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of idle) {
          const fresh = page.getElementById(part.id);
          if (fresh && !part.contains(document.activeElement)) renew(part, fresh);
        }
      } catch {
        // The server is away for a moment; the next attempt follows.
      }
    }, 1000 * Math.min(...parts.map((part) => Number(part.dataset.live))));
  }

  const tls = document.getElementById("tls");
  if (tls) {
    const choose = () => {
      for (const field of document.querySelectorAll("[data-tls]")) field.hidden = field.dataset.tls !== tls.value;
    };
    tls.addEventListener("change", choose);
    choose();
  }

  const dialog = document.getElementById("employees");
  const opener = document.getElementById("open-employees");
  if (!dialog || !opener || !dialog.showModal) return;

  const texts = dialog.dataset;
  const part = (name) => document.getElementById(`employees-${name}`);
  let unsaved = false;

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const fault = (message) => {
    part("fault").textContent = message;
    part("fault").hidden = !message;
  };

  const inputs = () => [...part("rows").querySelectorAll("input")];

  const mark = (user, message) => {
    for (const input of inputs()) {
      const wrong = message && Number(input.dataset.user) === user;
      input.toggleAttribute("aria-invalid", Boolean(wrong));
      input.closest("tr").classList.toggle("wrong", Boolean(wrong));
      const line = input.nextElementSibling;
      line.textContent = wrong ? message : "";
      if (wrong) input.focus();
    }
  };

  const row = (employee) => {
    const id = `employee-${employee.user}`;
    const name = make("th", { scope: "row" }, make("label", { htmlFor: id, textContent: employee.name || employee.user }));
    if (!employee.active) name.append(" ", make("span", { className: "tag", textContent: texts.dismissed }));
    const numbers = employee.numbers.join(", ");
    const input = make("input", { id, value: numbers, defaultValue: numbers, inputMode: "tel", autocomplete: "off" });
    input.dataset.user = employee.user;
    const cell = make("td", {}, input, make("p", { className: "fault" }));
    if (employee.profile_note) {
      const told = make("p", { id: `${id}-profile`, className: employee.profile_unclear ? "warn" : "hint", textContent: employee.profile_note });
      input.setAttribute("aria-describedby", told.id);
      cell.append(told);
    }
    return make("tr", {}, name, cell);
  };

  const ask = async (method, body) => {
    const headers = { Accept: "application/json" };
    if (body) headers["Content-Type"] = "application/json";
    const answer = await fetch(texts.url, { method, headers, body: body && JSON.stringify(body) });
    const said = await answer.json().catch(() => ({}));
    return { ok: answer.ok, said };
  };

  const open = async () => {
    part("rows").replaceChildren();
    part("notes").replaceChildren();
    part("result").textContent = "";
    part("state").textContent = texts.loading;
    fault("");
    dialog.showModal();
    try {
      const { ok, said } = await ask("GET");
      if (!ok) throw new Error(said.message);
      part("rows").replaceChildren(...said.employees.map(row));
      part("notes").replaceChildren(...said.notes.map((note) => make("p", { className: "notice busy", textContent: note })));
      part("state").textContent = said.employees.length ? "" : texts.empty;
    } catch (error) {
      part("state").textContent = "";
      fault(error instanceof TypeError ? texts.failed : error.message || texts.failed);
    }
  };

  const save = async () => {
    const changed = inputs().filter((input) => input.value !== input.defaultValue);
    if (!changed.length) return;
    const employees = changed.map((input) => ({ user: Number(input.dataset.user), numbers: input.value.split(/[,;\n]/) }));
    unsaved = true;
    part("result").textContent = texts.saving;
    let said = {};
    try {
      said = (await ask("PUT", { employees })).said;
    } catch {
      said = { message: texts.failed };
    }
    if (said.ok) {
      unsaved = false;
      part("result").textContent = texts.saved;
      return;
    }
    part("result").textContent = "";
    dialog.showModal();
    fault(said.message || texts.failed);
    mark(said.user, said.row_message || said.message);
  };

  opener.setAttribute("role", "button");
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    open();
  });
  dialog.addEventListener("close", save);
  // Enter in a number means the next row, not the end of the dialog.
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    const all = inputs();
    const next = all[all.indexOf(event.target) + 1];
    if (next) next.focus();
  });
  window.addEventListener("beforeunload", (event) => {
    const typed = dialog.open && inputs().some((input) => input.value !== input.defaultValue);
    if (unsaved || typed) event.preventDefault();
  });
})();
