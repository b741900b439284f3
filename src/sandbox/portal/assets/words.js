// All words of the page. A key missing in one language shows as the key, so that it is noticed.

const russian = {
  skip: "К содержанию",
  simulated: "Битрикс24, симулятор",
  settings: "Настройки приложения",
  opening: "Открываем приложение…",
  open: "Открыть",
  employees: "Сотрудники",
  admin: "администратор",
  on_call: "открыта карточка звонка",
  phones: "Телефоны",
  caller: "Кто звонит",
  calls: "Кому",
  ring: "Позвонить в компанию",
  pick_up: "Снять трубку",
  hang_up: "Положить трубку",
  reject: "Сбросить",
  remote_answer: "Собеседник ответил",
  dial: "Набрать",
  dial_what: "Номер",
  idle: "свободен",
  ringing: "звонит: {remote}",
  dialing: "вызывает {remote}",
  talking: "разговор с {remote}",
  held: "на удержании: {remote}",
  group: "группа",
  clients: "Клиенты",
  other_number: "Другой номер",
  call: "Позвонить",
  call_to: "Позвонить: {number}",
  records: "Звонки в CRM",
  no_records: "Завершённых звонков пока нет. Позвоните клиенту или примите звонок.",
  missed: "пропущено: {count}",
  feed: "Живая лента",
  no_feed: "Пока тихо.",
  close: "Закрыть карточку",
  over: "Звонок завершён, но карточку никто не убрал.",
  line: "Линия: {line}",
  no_client: "Нет в CRM",
  internal: "Внутренний звонок",
  lead_created: "Создан лид № {id}",
  CONTACT: "Контакт", COMPANY: "Компания", LEAD: "Лид", DEAL: "Сделка",
  incoming: "Входящий звонок", outgoing: "Исходящий звонок", callback: "Обратный звонок",
  kind_1: "исходящий", kind_2: "входящий", kind_3: "переведённый", kind_4: "обратный", kind_5: "инфозвонок",
  running: "идёт звонок",
  record: "запись № {row}",
  seconds: "{s}\u00a0с", minutes: "{m}\u00a0мин {s}\u00a0с",
  status_ok: "успешный",
  status_200: "успешный", status_304: "пропущенный", status_402: "недостаточно средств",
  status_403: "запрещён", status_404: "неверный номер", status_423: "заблокирован",
  status_480: "временно недоступен", status_484: "направление недоступно", status_486: "занято",
  status_503: "направление недоступно", status_603: "отклонён", "status_603-S": "отменён",
  status_OTHER: "не определено", status_none: "не состоялся ({code})",
  no_tab: "Приложение ещё не добавило вкладку в карточку звонка.",
  new_tab: "Приложение изменило вкладки карточки звонка. Они появятся после обновления страницы.",
  reload: "Обновить страницу",
  no_app: "Приложение удалено с портала.",
  lost: "Связь с порталом потеряна, восстанавливаем…",
  CardOpen: "Сначала закройте открытую карточку звонка.",
  NoApplication: "Ни одно приложение не принимает исходящие звонки: подключите его в настройках приложения.",
  UnknownUser: "Такого сотрудника нет.",
  BadNumber: "Это не телефонный номер.",
  failed: "Не получилось: {error}",
  story_installed: "Приложение установлено",
  story_uninstalled: "Приложение удалено",
  story_authorized: "{user}: вход в приложение",
  story_bound: "Приложение подключило {name}",
  story_registered: "Зарегистрирован звонок ({kind}): {number}",
  story_clicked: "{user}: щелчок по номеру {number}",
  story_card_shown: "{user}: открылась карточка",
  story_card_hidden: "{user}: карточка закрылась",
  story_finished: "Звонок {number} — {user}: {result}",
};

const english = {
  skip: "Skip to content",
  simulated: "simulated Bitrix24",
  settings: "Application settings",
  opening: "Opening the application…",
  open: "Open",
  employees: "Employees",
  admin: "administrator",
  on_call: "a call card is open",
  phones: "Telephones",
  caller: "Who calls",
  calls: "Whom",
  ring: "Call the company",
  pick_up: "Pick up",
  hang_up: "Hang up",
  reject: "Reject",
  remote_answer: "The other side answers",
  dial: "Dial",
  dial_what: "Number",
  idle: "idle",
  ringing: "ringing: {remote}",
  dialing: "calling {remote}",
  talking: "talking to {remote}",
  held: "on hold: {remote}",
  group: "group",
  clients: "Clients",
  other_number: "Another number",
  call: "Call",
  call_to: "Call {number}",
  records: "Calls in the CRM",
  no_records: "No finished calls yet. Call a client or take a call.",
  missed: "missed: {count}",
  feed: "Feed",
  no_feed: "All quiet.",
  close: "Close the card",
  over: "The call is over, but nobody removed the card.",
  line: "Line: {line}",
  no_client: "Not in the CRM",
  internal: "Internal call",
  lead_created: "Lead no. {id} was created",
  CONTACT: "Contact", COMPANY: "Company", LEAD: "Lead", DEAL: "Deal",
  incoming: "Incoming call", outgoing: "Outgoing call", callback: "Callback",
  kind_1: "outgoing", kind_2: "incoming", kind_3: "transferred", kind_4: "callback", kind_5: "information call",
  running: "in progress",
  record: "record no. {row}",
  seconds: "{s}\u00a0s", minutes: "{m}\u00a0min {s}\u00a0s",
  status_ok: "successful",
  status_200: "successful", status_304: "missed", status_402: "no money",
  status_403: "forbidden", status_404: "wrong number", status_423: "blocked",
  status_480: "temporarily unavailable", status_484: "destination unavailable", status_486: "busy",
  status_503: "destination unavailable", status_603: "declined", "status_603-S": "cancelled",
  status_OTHER: "unknown", status_none: "did not take place ({code})",
  no_tab: "The application has not added a tab to the call card yet.",
  new_tab: "The application changed the tabs of the call card. They appear after a reload.",
  reload: "Reload the page",
  no_app: "The application was removed from the portal.",
  lost: "The portal is out of reach, trying again…",
  CardOpen: "Close the open call card first.",
  NoApplication: "No application takes outgoing calls: connect one in the application settings.",
  UnknownUser: "There is no such employee.",
  BadNumber: "This is not a telephone number.",
  failed: "That failed: {error}",
  story_installed: "The application was installed",
  story_uninstalled: "The application was removed",
  story_authorized: "{user} logged in to the application",
  story_bound: "The application bound {name}",
  story_registered: "A call was registered ({kind}): {number}",
  story_clicked: "{user} clicked {number}",
  story_card_shown: "{user}: the card opened",
  story_card_hidden: "{user}: the card closed",
  story_finished: "Call {number} — {user}: {result}",
};

const words = document.documentElement.lang === "en" ? english : russian;

/** A word with its places filled. */
export function word(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Whether there is such a word. */
export const known = (key) => key in words;

/** Puts words into everything that is marked for them. */
export function speak(root) {
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
}

/** Seconds as people say them. */
export function span(seconds) {
  const [m, s] = [Math.floor(seconds / 60), seconds % 60];
  return m > 0 ? word("minutes", { m, s }) : word("seconds", { s });
}

/** The time of day of Unix milliseconds. */
export const clock = (at) =>
  new Date(at).toLocaleTimeString(document.documentElement.lang, { timeStyle: "medium", hourCycle: "h23" });

/** How a finished call is called: by its duration first, then by its code. */
export function result(record) {
  if (record.ok) return `${word("status_ok")}, ${span(record.duration)}`;
  const key = record.code === "200" ? "status_none" : `status_${record.code}`;
  return known(key) ? word(key, { code: record.code }) : word("status_none", { code: record.code });
}
