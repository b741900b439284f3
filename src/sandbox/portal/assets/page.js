// The shell of the page: who is looking, the live view, notices. The parts render what the view says.

import { showCard } from "./card.js";
import { showClients, showFeed, showRecords } from "./lists.js";
import { showPhones } from "./phones.js";
import { speak, word } from "./words.js";

/** Posts JSON; throws what the server says. */
export async function ask(url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

/** Makes an element with properties and children. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Fills a form with a frame's target and fields. */
export function fillForm(form, post) {
  form.action = post.url;
  form.method = "post";
  for (const [name, value] of post.fields) form.append(make("input", { type: "hidden", name, value }));
}

const byId = (id) => document.getElementById(id);
const notices = new Map();

/** Shows a notice under `key`, or takes it away; `action` is a button's word and work. */
export function notice(key, text, action) {
  notices.get(key)?.remove();
  notices.delete(key);
  if (!text) return;
  const button = action && make("button", { type: "button", textContent: action.word, onclick: action.work });
  const line = make("p", { className: "notice" }, make("span", { textContent: text }), button);
  notices.set(key, line);
  byId("notices").append(line);
}

/** Says for a while why something did not work. */
export function complain(error) {
  const known = word(error.message);
  const text = known === error.message ? word("failed", { error: error.message }) : known;
  notice("complaint", text);
  clearTimeout(complain.timer);
  complain.timer = setTimeout(() => notice("complaint"), 8000);
}

/** Does `work` and complains if it fails. */
export const attempt = (work) => async (event) => {
  event?.preventDefault();
  try {
    await work(event);
  } catch (error) {
    complain(error);
  }
};

function showPeople(view, me) {
  const links = view.users.map((user) => {
    const link = make("a", { href: `/?user=${user.id}` }, user.name || `№ ${user.id}`);
    if (user.inner) link.append(make("small", { textContent: user.inner }));
    if (user.admin) link.title = word("admin");
    if (user.id === me) link.setAttribute("aria-current", "page");
    if (user.busy) {
      link.classList.add("busy");
      link.append(make("span", { className: "hidden-text", textContent: ` (${word("on_call")})` }));
    }
    return link;
  });
  const list = byId("people");
  const before = list.contains(document.activeElement) ? document.activeElement.href : null;
  list.replaceChildren(...links);
  links.find((link) => link.href === before)?.focus();
}

let tabsAtLoad = null;

/** The set of tabs is fixed when the page loads, as in the real portal. */
function watchTabs(view) {
  tabsAtLoad ??= view.tabs;
  const changed = JSON.stringify(tabsAtLoad) !== JSON.stringify(view.tabs);
  notice("tabs", changed && word("new_tab"), { word: word("reload"), work: () => location.reload() });
}

function show(view, me) {
  document.title = `${view.title} — Bitrix24`;
  byId("title").textContent = view.title;
  notice("app", !view.app.present && word("no_app"));
  watchTabs(view);
  showPeople(view, me);
  showPhones(view, me);
  showClients(view, me);
  showRecords(view);
  showFeed(view);
  showCard(view, me, tabsAtLoad.length);
}

async function start() {
  speak(document);
  byId("people").setAttribute("aria-label", word("employees"));
  const asked = Number(new URLSearchParams(location.search).get("user"));
  const first = await (await fetch(`/sandbox/view?user=${asked || 0}`)).json();
  const ordinary = first.users.find((user) => !user.admin) ?? first.users[0];
  const me = first.users.some((user) => user.id === asked) ? asked : ordinary.id;
  const admin = first.users.find((user) => user.admin)?.id ?? me;
  byId("settings").href = `/app/?user=${first.users.find((u) => u.id === me)?.admin ? me : admin}`;
  byId("any-number").onsubmit = attempt(async (event) => {
    await ask("/sandbox/click", { user: me, number: event.target.elements.number.value });
  });
  const live = new EventSource(`/sandbox/live?user=${me}`);
  live.addEventListener("view", (event) => {
    notice("lost");
    show(JSON.parse(event.data), me);
  });
  live.onerror = () => notice("lost", word("lost"));
}

if (byId("people")) start();
