// The call card: the portal's own contact pane on the left, the application's tabs on the right.

import { ask, attempt, fillForm, make } from "./page.js";
import { word } from "./words.js";

const byId = (id) => document.getElementById(id);
let shown = null;
let opened = 0;
let timer = null;
let before = null;

function tick() {
  const passed = Math.max(0, Math.floor((Date.now() - opened) / 1000));
  const two = (n) => String(n).padStart(2, "0");
  byId("card-time").textContent = `${two(Math.floor(passed / 60))}:${two(passed % 60)}`;
}

function entity(about) {
  if (about.internal) return word("internal");
  if (!about.entity) return word("no_client");
  if (about.entity.created) return word("lead_created", { id: about.entity.id });
  return `${word(about.entity.type)} № ${about.entity.id}`;
}

function fill(card) {
  const about = card.about ?? { number: "", direction: "incoming" };
  const name = about.client || about.number || "?";
  byId("card-direction").textContent = word(about.direction);
  byId("card-head").textContent = name;
  byId("card-face").textContent = /^[\p{L}]/u.test(name) ? name[0] : "#";
  byId("card-number").textContent = about.number;
  byId("card-entity").textContent = entity(about);
  byId("card-line").textContent = about.line ? word("line", { line: about.line }) : "";
  byId("card-over").hidden = !card.finished;
  byId("card-over").textContent = word("over");
}

/** Each tab is a frame that the employee's browser posts a form into, when the tab is first opened. */
function addTab(post, at) {
  const name = `tab-${at}-${Date.now()}`;
  const frame = make("iframe", { name, title: post.title, hidden: true, allow: "microphone; camera; autoplay" });
  const tab = make("button", { type: "button", textContent: post.title, id: `${name}-tab` });
  tab.setAttribute("role", "tab");
  tab.onclick = () => {
    for (const other of byId("tab-list").children) other.setAttribute("aria-selected", String(other === tab));
    for (const other of byId("tab-frames").querySelectorAll("iframe")) other.hidden = other !== frame;
    if (frame.dataset.loaded) return;
    frame.dataset.loaded = "yes";
    const form = make("form", { target: name, hidden: true });
    fillForm(form, post);
    document.body.append(form);
    form.submit();
    form.remove();
  };
  byId("tab-list").append(tab);
  byId("tab-frames").append(frame);
  return tab;
}

async function openTabs(me, limit) {
  const posts = limit > 0 ? await ask("/sandbox/frames", { user: me }) : [];
  const tabs = posts.slice(0, limit).map(addTab);
  byId("no-tab").hidden = tabs.length > 0;
  byId("no-tab").textContent = word("no_tab");
  tabs[0]?.click();
}

function clear() {
  byId("tab-list").replaceChildren();
  byId("tab-frames").replaceChildren();
  clearInterval(timer);
}

/** Shows, keeps or removes the card; `limit` is the number of tabs that the page knew when it loaded. */
export function showCard(view, me, limit) {
  const { card } = view;
  const call = card?.call ?? null;
  if (call !== shown) {
    clear();
    shown = call;
    byId("card").hidden = !card;
    const about = card?.about;
    byId("announce").textContent = about ? `${word(about.direction)}: ${about.client || about.number}` : "";
    if (!card) {
      if (byId("card").contains(document.activeElement) || document.activeElement === document.body) before?.focus?.();
      return;
    }
    before = document.activeElement;
    opened = Date.now();
    tick();
    timer = setInterval(tick, 1000);
    const close = attempt(() => ask("/sandbox/close", { user: me }));
    byId("card-close").onclick = close;
    // A handler that returns false swallows the key: Tab must go on working.
    byId("card").onkeydown = (event) => {
      if (event.key === "Escape") close(event);
    };
    attempt(() => openTabs(me, limit))();
  }
  if (card) fill(card);
}
