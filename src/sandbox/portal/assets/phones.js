// Simulated telephones: somebody calls the company, handsets are picked up and hung up.

import { ask, attempt, make } from "./page.js";
import { word } from "./words.js";

const byId = (id) => document.getElementById(id);
const handsets = new Map();
let targets = "";

const press = (action, number, other = "") => ask(`/sandbox/phones/${action}`, { number, other });

function button(name, className, work) {
  return make("button", { type: "button", className, textContent: word(name), onclick: attempt(work) });
}

/** A handset keeps its element, so that what is typed into it survives an update. */
function handset(phone) {
  const number = phone.number;
  const buttons = {
    pick_up: button("pick_up", "call", () => press("pick_up", number)),
    remote_answer: button("remote_answer", "call", () => press("remote_answer", number)),
    reject: button("reject", "end", () => press("hang_up", number)),
    hang_up: button("hang_up", "end", () => press("hang_up", number)),
  };
  const input = make("input", { name: "to", inputMode: "tel", autocomplete: "off", required: true });
  input.setAttribute("list", "numbers");
  input.setAttribute("aria-label", `${number}: ${word("dial_what")}`);
  input.placeholder = word("dial_what");
  const dial = make("form", { className: "dial" }, input, make("button", { textContent: word("dial") }));
  dial.onsubmit = attempt(async () => {
    await press("dial", number, input.value);
    input.value = "";
  });
  const state = make("span", { className: "quiet" });
  const who = make("span", { className: "who" }, make("strong", { textContent: `${number} ${phone.label}`.trim() }), state);
  const acts = make("span", { className: "acts" }, ...Object.values(buttons), dial);
  return { element: make("li", { className: "handset" }, who, acts), state, buttons, dial };
}

function update(set, phone) {
  set.element.dataset.state = phone.state;
  set.state.textContent = word(phone.state, { remote: phone.remote ?? "?" });
  const focused = set.element.contains(document.activeElement);
  set.buttons.pick_up.hidden = phone.state !== "ringing";
  set.buttons.reject.hidden = phone.state !== "ringing";
  set.buttons.remote_answer.hidden = phone.state !== "dialing";
  set.buttons.hang_up.hidden = !["dialing", "talking", "held"].includes(phone.state);
  set.dial.hidden = phone.state !== "idle";
  if (focused && document.activeElement === document.body) {
    set.element.querySelector("button:not([hidden])")?.focus();
  }
}

function showTargets(phones, own) {
  const wanted = JSON.stringify(phones.map((phone) => [phone.number, phone.label]));
  if (wanted === targets) return;
  targets = wanted;
  const options = phones.map((phone) => {
    const label = [phone.number, phone.label || (phone.group && word("group"))].filter(Boolean).join(" — ");
    return make("option", { value: phone.number, textContent: label });
  });
  const select = byId("ring").elements.to;
  const chosen = select.value || own;
  select.replaceChildren(...options);
  if (phones.some((phone) => phone.number === chosen)) select.value = chosen;
}

export function showPhones(view, me) {
  const section = byId("phones");
  section.hidden = !view.phones;
  if (!view.phones) return;
  const form = byId("ring");
  if (!form.onsubmit) {
    form.onsubmit = attempt(() => press("ring", form.elements.to.value, form.elements.from.value));
    form.elements.from.value = view.clients[0]?.number ?? "";
  }
  showTargets(view.phones, view.users.find((user) => user.id === me)?.inner);
  const single = view.phones.filter((phone) => !phone.group);
  for (const phone of single) {
    if (!handsets.has(phone.number)) {
      const set = handset(phone);
      handsets.set(phone.number, set);
      byId("handsets").append(set.element);
    }
    update(handsets.get(phone.number), phone);
  }
  for (const [number, set] of handsets) {
    if (!single.some((phone) => phone.number === number)) {
      set.element.remove();
      handsets.delete(number);
    }
  }
}
