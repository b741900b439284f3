// The call card: draws what the stream says and sends what the buttons mean. Decides nothing itself.
(() => {
  "use strict";
  const root = document.getElementById("card");
  const texts = JSON.parse(root.dataset.texts);
  const base = root.dataset.base;
  const card = root.dataset.card;
  const part = (id) => document.getElementById(id);
  const buttons = [...root.querySelectorAll("[data-action]")];
  const transferForm = part("transfer-form");

  let ticket = root.dataset.ticket;
  let skew = Date.now() - Number(root.dataset.now);
  let shown = null; // the call on the card
  let ownSeen = false; // this card's own call was among the calls once
  let sending = false;
  let source = null;
  let retry = 0;
  let waiting = 0;
  let paused = false; // other cards need the place until somebody looks at this one

  const put = (id, text) => {
    const element = part(id);
    if (element.textContent !== text) element.textContent = text;
  };

  const phaseText = (call) =>
    call.phase === "ringing" ? texts[call.direction === "in" ? "ringing_in" : "ringing_out"] : texts[call.phase];

  const tone = (call) => ({ talking: "good", ended: "idle" })[call.phase] || "busy";

  // What the portal said of the click; web/lang/click.rs says the same on the page's first sight.
  const filled = (text, value) => (value ? text.replace("{}", () => value) : "");
  const extension = (click) => filled(texts.click.extension, click.extension);
  const clicked = (click) =>
    [
      filled(texts.click.campaign, click.campaign),
      click.item && `${texts.click.kinds[click.item.kind] || click.item.kind} ${click.item.id}`,
      filled(texts.click.line, click.line),
      click.mobile && texts.click.mobile,
    ]
      .filter(Boolean)
      .join(" · ");

  const clock = () => {
    const from = shown && ["talking", "held"].includes(shown.phase) ? shown.answered_at : null;
    if (from === null) return put("timer", "");
    const seconds = Math.max(0, Math.floor((Date.now() - skew - from) / 1000));
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    put("timer", hours ? `${hours}:${rest}` : rest);
  };

  const closeTransfer = () => {
    transferForm.hidden = true;
    part("transfer").setAttribute("aria-expanded", "false");
  };

  const draw = (state) => {
    let call = state.current;
    if (call && call.own_card) {
      ownSeen = true;
    } else if (ownSeen) {
      // The call this card is about has left the list: it is over, whatever else goes on.
      call = shown && { ...shown, phase: "ended", buttons: {} };
    }
    const before = shown;
    shown = call;
    root.className = call ? `${tone(call)} ${call.phase}` : "idle";
    put("phase", call ? phaseText(call) : texts.idle);
    put("number", call ? call.number || (call.click && call.click.written) || texts.hidden : "");
    put("extension", (call && call.click && extension(call.click)) || "");
    put("name", (call && call.name) || "");
    put("click", (call && call.click && clicked(call.click)) || "");
    put("note", call ? (card && call.crm.length && !call.own_card ? texts.other : "") : texts.idle_todo);
    const can = (call && call.buttons) || {};
    for (const button of buttons) button.hidden = !can[button.dataset.action];
    part("transfer").hidden = !can.transfer;
    if (!can.transfer) closeTransfer();
    const reject = root.querySelector('[data-action="reject"]');
    reject.textContent = call && ["talking", "held"].includes(call.phase) ? texts.hangup : texts.reject;
    put("link", state.online ? "" : texts.offline);
    if (!before || !call || before.phase !== call.phase || before.call !== call.call) put("message", "");
    clock();
  };

  const follow = () => {
    clearTimeout(waiting);
    if (source) source.close();
    const query = new URLSearchParams({ ticket, card });
    source = new EventSource(`${base}/call/stream?${query}`);
    source.addEventListener("calls", (event) => {
      retry = 0;
      const state = JSON.parse(event.data);
      skew = Date.now() - state.now;
      draw(state);
    });
    source.addEventListener("ticket", (event) => {
      ticket = event.data;
    });
    source.addEventListener("gave_way", () => {
      source.close();
      paused = true;
      put("link", texts.gave_way);
    });
    source.onerror = () => {
      // Always come back with the newest ticket, slower each time.
      source.close();
      put("link", texts.reconnecting);
      retry = Math.min(retry + 1, 5);
      waiting = setTimeout(resume, 1000 * 2 ** (retry - 1) + Math.random() * 1000);
    };
  };

  const lookedAt = () => {
    if (!paused || document.visibilityState !== "visible") return;
    paused = false;
    follow();
  };

  // An event source does not say why it failed; ask before trying again forever.
  const resume = async () => {
    try {
      const answer = await fetch(`${base}/call/action`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ticket, action: "look" }),
      });
      if (answer.status === 401) {
        shown = null;
        draw({ current: null, online: true });
        put("note", "");
        put("link", texts.stale);
        return;
      }
    } catch {
      // The server is still away: the stream will find out.
    }
    follow();
  };

  const send = async (action, to) => {
    if (sending || !shown) return;
    sending = true;
    put("message", "");
    for (const button of root.querySelectorAll("button")) button.disabled = true;
    try {
      const answer = await fetch(`${base}/call/action`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ticket, action, call: shown.call, leg: shown.leg, to }),
      });
      const said = await answer.json();
      if (!said.ok) put("message", said.message || texts.failed);
      else if (to) closeTransfer();
    } catch {
      put("message", texts.failed);
    } finally {
      sending = false;
      for (const button of root.querySelectorAll("button")) button.disabled = false;
    }
  };

  for (const event of ["visibilitychange", "pointerdown", "keydown"]) document.addEventListener(event, lookedAt);
  for (const button of buttons) button.addEventListener("click", () => send(button.dataset.action));
  part("transfer").addEventListener("click", () => {
    transferForm.hidden = !transferForm.hidden;
    part("transfer").setAttribute("aria-expanded", String(!transferForm.hidden));
    if (!transferForm.hidden) part("to").focus();
  });
  part("transfer-cancel").addEventListener("click", () => {
    closeTransfer();
    part("transfer").focus();
  });
  transferForm.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    closeTransfer();
    part("transfer").focus();
  });
  transferForm.addEventListener("submit", (event) => {
    event.preventDefault();
    send("transfer", part("to").value.trim());
  });

  draw(JSON.parse(root.dataset.state));
  setInterval(clock, 500);
  follow();
})();
