// Clients to click, finished calls, the feed.

import { ask, attempt, make } from "./page.js";
import { clock, result, word } from "./words.js";

const byId = (id) => document.getElementById(id);
const last = {};

/** Renders only what changed, so that a list under somebody's finger or focus stays. */
function changed(name, value) {
  const text = JSON.stringify(value);
  const same = last[name] === text;
  last[name] = text;
  return !same;
}

const nameOf = (view, id) => view.users.find((user) => user.id === id)?.name || `№ ${id}`;

export function showClients(view, me) {
  if (!changed("clients", view.clients)) return;
  const items = view.clients.map((client) => {
    const label = word("call_to", { number: client.number });
    const call = make("button", { type: "button", className: "number", textContent: client.number, title: label });
    call.setAttribute("aria-label", `${client.name}: ${label}`);
    call.onclick = attempt(() => ask("/sandbox/click", { user: me, number: client.number }));
    const about = make("span", { className: "who" }, make("strong", { textContent: client.name }));
    about.append(make("small", { className: "quiet", textContent: word(client.entity) }));
    return make("li", { className: "client" }, about, call);
  });
  byId("client-list").replaceChildren(...items);
  const numbers = view.clients.map((client) => make("option", { value: client.number, label: client.name }));
  byId("numbers").replaceChildren(...numbers);
}

const arrow = (kind) => (kind === 1 || kind === 4 ? "↗" : "↙");

function line(view, about, user, status, kind, details) {
  const who = about.client ? `${about.client}, ${about.number}` : about.number;
  const head = make("span", { className: "who" });
  head.append(
    make("strong", {}, make("span", { className: "arrow", textContent: arrow(about.kind), ariaHidden: "true" }), ` ${who}`),
    make("small", { className: "quiet", textContent: details.filter(Boolean).join(" · ") }),
  );
  const end = make("span", { className: `status ${kind}`, textContent: status });
  return make("li", { className: "record" }, head, make("span", { className: "owner", textContent: nameOf(view, user) }), end);
}

export function showRecords(view) {
  if (!changed("records", [view.open, view.records, view.users])) return;
  const running = view.open.map((about) =>
    line(view, about, about.user, word("running"), "running", [
      word(`kind_${about.kind}`),
      clock(about.started),
      about.line && word("line", { line: about.line }),
    ]),
  );
  const done = view.records.map((record) =>
    line(view, record.about, record.user, result(record), record.ok ? "good" : "bad", [
      word(`kind_${record.about.kind}`),
      clock(record.about.started),
      record.about.line && word("line", { line: record.about.line }),
      word("record", { row: record.row }),
      record.reason,
    ]),
  );
  byId("record-list").replaceChildren(...running, ...done);
  byId("no-records").hidden = running.length + done.length > 0;
  byId("missed").hidden = view.missed === 0;
  byId("missed").textContent = word("missed", { count: view.missed });
}

function tale(view, story) {
  const values = {
    user: story.user && nameOf(view, story.user),
    number: story.number,
    name: story.name,
    kind: story.kind && word(`kind_${story.kind}`),
    result: story.what === "finished" && result({ ok: story.duration > 0, duration: story.duration, code: story.code }),
  };
  return word(`story_${story.what}`, values);
}

export function showFeed(view) {
  if (!changed("feed", view.feed)) return;
  const items = view.feed.map((story) =>
    make("li", {}, make("time", { textContent: clock(story.at) }), make("span", { textContent: tale(view, story) })),
  );
  byId("feed-list").replaceChildren(...items);
  byId("no-feed").hidden = items.length > 0;
}
