// The customer's phone: its apps, what arrives in them, and what the customer answers.

import * as api from "./api.js";
import { callRow, isFromCustomer, smsBubble, whatsappBubble } from "./bubbles.js";
import { announce, byId, el, icon } from "./dom.js";
import { clock, initials, phoneNumber } from "./format.js";

const INBOX_MS = 700;
const STATE_MS = 2_000;
/** After somebody used the phone it does not change the app by itself for this long. */
const HANDS_OFF_MS = 8_000;
const BANNER_MS = 6_000;
/** An answer shown at once gives way to the inbox's own copy of it after this long. */
const ECHO_MS = 4_000;
const APPS = {
  whatsapp: { name: "WhatsApp", empty: "No WhatsApp messages yet.", draw: whatsappBubble },
  sms: { name: "Messages", empty: "No text messages yet.", draw: smsBubble },
  voice: { name: "Calls", empty: "No calls yet.", draw: callRow },
};
const READS_AFTER = [[0, "at once"], [800, "0.8 s"], [3000, "3 s"], [10000, "10 s"], [45000, "45 s"], ["never", "never"]];

/** The phone on the page. `onSeen(message)` is called for what arrives, `onOpen(message)` for what is to be shown in the timeline; `carriedAs(id)` knows a text message's notification. */
export class Phone {
  #e164 = null;
  #session = null;
  #state = null;
  #messages = [];
  /** Answers given here, by phone; the inbox may or may not list them. */
  #answers = new Map();
  #known = new Set();
  #first = true;
  #app = "whatsapp";
  #sender = { whatsapp: null, sms: null };
  #unread = { whatsapp: 0, sms: 0, voice: 0 };
  #touched = 0;
  #drawn = "";
  #pressed = new Set();
  #list = null;
  #atEnd = true;
  #reading = null;
  #bannerTimer = 0;
  #callbacks;

  constructor(callbacks) {
    this.#callbacks = callbacks;
    byId("customer").addEventListener("change", () => this.choose(byId("customer").value));
    for (const input of document.querySelectorAll("[data-switch]")) {
      input.addEventListener("change", () => this.#change({ [input.dataset.switch]: input.checked }));
    }
    byId("reads-after").addEventListener("change", () => this.#change({ reads_after_ms: byId("reads-after").value === "never" ? null : Number(byId("reads-after").value) }));
    byId("banner").addEventListener("click", () => {
      this.#open(byId("banner").dataset.app, byId("banner").dataset.sender);
      byId("banner").hidden = true;
      this.#list?.focus();
    });
    byId("screen").addEventListener("pointerdown", () => { this.#touched = Date.now(); });
    byId("screen").addEventListener("keydown", () => { this.#touched = Date.now(); });
    // The chat keeps to its newest message when its room changes: a keyboard, or this part coming into view.
    new ResizeObserver(() => {
      if (this.#atEnd && this.#app !== "voice" && this.#list) this.#list.scrollTop = this.#list.scrollHeight;
    }).observe(byId("app"));
    this.#drawDock();
    this.#poll(() => this.#readInbox(), INBOX_MS);
    this.#poll(() => this.#readState(), STATE_MS);
    setInterval(() => this.#drawClock(), 5_000);
    this.#drawClock();
  }

  start(session) {
    this.#session = session;
    byId("customer").replaceChildren(...session.customers.map(({ name, to }) => el("option", { value: to, text: name })));
    const chosen = this.#e164 ?? session.customers[0]?.to;
    this.#e164 = null;
    if (chosen) this.choose(chosen);
  }

  get unread() {
    return this.#unread.whatsapp + this.#unread.sms + this.#unread.voice;
  }

  /** Looks at another customer's phone. */
  choose(e164) {
    if (e164 === this.#e164) return;
    this.#e164 = e164;
    const select = byId("customer");
    if (![...select.options].some(({ value }) => value === e164)) select.append(el("option", { value: e164, text: "Another number" }));
    select.value = e164;
    byId("phone-number").textContent = phoneNumber(e164);
    this.#state = null;
    this.#messages = [];
    this.#known.clear();
    this.#first = true;
    this.#app = "whatsapp";
    this.#drawn = "";
    this.#sender = { whatsapp: null, sms: null };
    this.#unread = { whatsapp: 0, sms: 0, voice: 0 };
    byId("banner").hidden = true;
    byId("phone-problem").textContent = "";
    this.#drawState();
    this.#draw();
    this.#readState();
    this.#readInbox();
    this.#callbacks.onChoose(e164);
  }

  /** Something happened to this phone: looks at once. */
  touch(e164) {
    if (e164 === this.#e164) this.#readInbox();
  }

  async #readState() {
    const e164 = this.#e164;
    const state = await quietly(api.phone(e164));
    if (!state || e164 !== this.#e164) return;
    this.#state = state;
    this.#drawState();
  }

  async #change(change) {
    const e164 = this.#e164;
    try {
      await api.setPhone(e164, change);
      if (e164 === this.#e164) this.#state = { ...this.#state, ...change };
      byId("phone-problem").textContent = "";
    } catch (error) {
      byId("phone-problem").textContent = error.message;
    }
    this.#drawState();
  }

  async #readInbox() {
    const e164 = this.#e164;
    if (this.#reading === e164) return;
    this.#reading = e164;
    const messages = await quietly(api.inbox(e164)).finally(() => { this.#reading = null; });
    if (!Array.isArray(messages) || e164 !== this.#e164) return;
    const before = Date.now() - ECHO_MS;
    if (messages.some(isFromCustomer)) this.#answers.set(e164, this.#echoes(e164).filter(({ at }) => Date.parse(at) > before && !messages.some((one) => isFromCustomer(one) && Date.parse(one.at) >= Date.parse(at) - 2_000)));
    const fresh = messages.filter(({ id }) => !this.#known.has(id));
    for (const { id } of fresh) this.#known.add(id);
    // A carrier knows no notification; its own id for the message is the way back.
    this.#messages = messages.map((message) => ({ ...message, notification: message.notification ?? this.#callbacks.carriedAs(message.id) }));
    for (const message of fresh) if (message.notification) this.#callbacks.onSeen(message, e164);
    if (this.#first) {
      this.#first = false;
      const last = messages.at(-1);
      if (last && Date.now() - this.#touched > HANDS_OFF_MS) this.#app = APPS[last.channel] ? last.channel : "whatsapp";
    } else {
      for (const message of fresh) if (!isFromCustomer(message)) this.#arrive(message);
    }
    this.#draw();
  }

  /** A new message: the phone opens its app unless somebody is using it, and says so in any case. */
  #arrive(message) {
    const { channel } = message;
    if (!APPS[channel]) return;
    const busy = Date.now() - this.#touched < HANDS_OFF_MS || byId("screen").querySelector("textarea")?.value;
    const there = this.#app === channel;
    if (!there && busy) this.#unread[channel] += 1;
    else if (!there) this.#app = channel;
    if (there && !busy) this.#sender[channel] = null;
    announce(`${APPS[channel].name}: new message from ${message.from ?? "the bank"}`);
    if (!there && busy) this.#showBanner(message);
    this.#callbacks.onArrive();
  }

  #showBanner({ channel, from, text }) {
    const banner = byId("banner");
    banner.dataset.app = channel;
    banner.dataset.sender = from ?? "";
    banner.replaceChildren(el("span", { class: `app-icon app-${channel}` }, icon(channel, 16)), el("span", { class: "banner-text" }, el("strong", { text: `${APPS[channel].name} · ${from ?? "Bank"}` }), el("span", { text: (text ?? "").replaceAll(/[*_~`]/g, "") })));
    banner.hidden = false;
    clearTimeout(this.#bannerTimer);
    this.#bannerTimer = setTimeout(() => { banner.hidden = true; }, BANNER_MS);
  }

  #open(app, sender) {
    this.#app = app;
    if (sender && app in this.#sender) this.#sender[app] = sender;
    this.#unread[app] = 0;
    this.#callbacks.onArrive();
    this.#draw();
  }

  #drawDock() {
    byId("dock").replaceChildren(...Object.entries(APPS).map(([app, { name }]) =>
      el("button", { type: "button", "data-app": app, on: { click: () => { this.#touched = Date.now(); this.#open(app); } } },
        el("span", { class: `app-icon app-${app}` }, icon(app, 20), el("span", { class: "app-badge", hidden: true })), el("span", { class: "app-name", text: name }))));
  }

  #drawClock() {
    byId("phone-clock").textContent = clock(new Date());
  }

  #drawState() {
    const state = this.#state;
    byId("switches").disabled = !state;
    byId("handset").classList.toggle("is-offline", state?.online === false);
    for (const input of document.querySelectorAll("[data-switch]")) input.checked = Boolean(state?.[input.dataset.switch]);
    const select = byId("reads-after");
    const now = state && state.reads_after_ms === null ? "never" : state?.reads_after_ms;
    const choices = READS_AFTER.some(([value]) => value === now) || now === undefined ? READS_AFTER : [[now, `${now / 1000} s`], ...READS_AFTER].sort((a, b) => a[1] === "never" ? 1 : b[1] === "never" ? -1 : a[0] - b[0]);
    if (document.activeElement !== select) select.replaceChildren(...choices.map(([value, text]) => el("option", { value, text, selected: value === now })));
    byId("status-icons").replaceChildren(...(state?.online === false ? [icon("signal", 15), el("span", { text: "No data" })] : [icon("signal", 15), el("span", { text: "5G" })]), icon("battery", 17));
    this.#draw();
  }

  #echoes(e164) {
    return this.#answers.get(e164) ?? [];
  }

  /** The threads of an app by sender, the one with the newest message last. */
  #threads(app) {
    const all = [...this.#messages, ...this.#echoes(this.#e164)].filter(({ channel }) => channel === app).sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    const names = new Map();
    let last = null;
    for (const message of all) {
      // An answer that names no bank belongs to the conversation before it.
      const named = message.from && (!isFromCustomer(message) || names.has(message.from));
      const sender = named ? message.from : last ?? "Bank";
      last = sender;
      if (!names.has(sender)) names.set(sender, []);
      names.get(sender).push(message);
    }
    return { names, newest: last };
  }

  #draw() {
    for (const button of byId("dock").children) {
      const app = button.dataset.app;
      button.setAttribute("aria-current", String(app === this.#app));
      if (app === this.#app) this.#unread[app] = 0;
      const badge = button.querySelector(".app-badge");
      badge.hidden = this.#unread[app] === 0;
      badge.textContent = String(this.#unread[app]);
      button.setAttribute("aria-label", this.#unread[app] ? `${APPS[app].name}, ${this.#unread[app]} new` : APPS[app].name);
    }
    const threads = this.#threads(this.#app);
    const sender = threads.names.has(this.#sender[this.#app]) ? this.#sender[this.#app] : threads.newest;
    const messages = this.#app === "voice" ? [...threads.names.values()].flat().sort((a, b) => Date.parse(b.at) - Date.parse(a.at)) : threads.names.get(sender) ?? [];
    const frame = JSON.stringify([this.#e164, this.#app, sender, [...threads.names.keys()], this.#app === "whatsapp" && [this.#state?.on_whatsapp, this.#state?.online, this.#state?.waiting]]);
    if (frame !== this.#drawn) {
      this.#drawn = frame;
      this.#drawApp(sender, [...threads.names.keys()]);
    }
    this.#drawMessages(messages);
  }

  #drawApp(sender, senders) {
    const app = this.#app;
    const draft = byId("app").querySelector("textarea")?.value ?? "";
    const writing = byId("app").querySelector("textarea") === document.activeElement && draft !== "";
    this.#list = el("ol", { class: `list list-${app}`, tabindex: "0", "aria-label": `${APPS[app].name}${sender && app !== "voice" ? `, ${sender}` : ""}` });
    const others = app !== "voice" && senders.length > 1;
    const chooser = others && el("div", { class: "threads", role: "group", "aria-label": "Conversations" }, ...senders.map((name) => el("button", { type: "button", "aria-current": String(name === sender), text: name, on: { click: () => this.#open(app, name) } })));
    this.#atEnd = true;
    this.#list.addEventListener("scroll", () => { this.#atEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 60; });
    byId("app").className = `app app-view-${app}`;
    byId("app").replaceChildren(...[this.#header(sender), chooser, this.#note(), this.#list, app === "whatsapp" ? this.#composer(draft) : app === "sms" ? el("p", { class: "no-reply", text: "You cannot reply to this sender." }) : null].filter(Boolean));
    if (writing) byId("app").querySelector("textarea")?.focus();
  }

  #header(sender) {
    if (this.#app === "voice") return el("div", { class: "app-head" }, el("strong", { text: "Recents" }));
    const name = sender ?? APPS[this.#app].name;
    const avatar = sender && el("span", { class: "avatar", text: initials(sender), "aria-hidden": "true" });
    const below = this.#app === "whatsapp" ? "Business account" : "Text message";
    return el("div", { class: "app-head" }, avatar, el("span", { class: "app-who" }, el("strong", { text: name }), sender ? el("span", { text: below }) : null));
  }

  #note() {
    if (this.#app !== "whatsapp") return null;
    if (this.#state?.on_whatsapp === false) return el("p", { class: "app-note", text: "This number is not on WhatsApp." });
    if (this.#state?.online === false) return el("p", { class: "app-note", text: this.#state.waiting > 0 ? `Offline: ${this.#state.waiting} on WhatsApp ${this.#state.waiting === 1 ? "waits" : "wait"}.` : "Offline: WhatsApp waits." });
    return null;
  }

  #composer(draft) {
    const input = el("textarea", { rows: "1", placeholder: "Message (try SAIR)", "aria-label": "Answer as the customer", maxlength: "4096" });
    input.value = draft;
    const form = el("form", { class: "composer" }, input, el("button", { type: "submit", "aria-label": "Send the answer" }, icon("send", 20)));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text === "") return;
      input.value = "";
      this.#answer({ text }, text).then((done) => { if (!done) input.value = text; });
    });
    return form;
  }

  async #answer(message, words, notification) {
    const e164 = this.#e164;
    const threads = this.#threads("whatsapp");
    const sender = this.#sender.whatsapp ?? threads.newest;
    const number = (threads.names.get(sender) ?? []).findLast((one) => one.phone_number_id)?.phone_number_id;
    const echo = { id: `echo-${Date.now()}`, channel: "whatsapp", direction: "from_customer", at: new Date().toISOString(), text: words, from: sender };
    try {
      await api.reply(e164, number && message.text ? { ...message, phone_number_id: number } : message);
      byId("phone-problem").textContent = "";
    } catch (error) {
      byId("phone-problem").textContent = error.detail || error.message;
      return false;
    }
    this.#answers.set(e164, [...this.#echoes(e164), echo]);
    this.#draw();
    this.#readInbox();
    this.#callbacks.onAnswer(notification);
    return true;
  }

  async #press(message, button) {
    const key = `${message.id}-${button.payload}`;
    this.#pressed.add(key);
    this.#draw();
    if (!(await this.#answer({ button: button.payload }, button.label, message.notification))) this.#pressed.delete(key);
    this.#draw();
  }

  /** Draws what is new or changed, leaves the rest as it is, and stays at the end if it was there. */
  #drawMessages(messages) {
    const list = this.#list;
    const actions = { pressed: this.#pressed, onPress: (message, button) => this.#press(message, button), onOpen: (message) => this.#callbacks.onOpen(message, this.#e164) };
    const old = new Map([...list.children].map((row) => [row.dataset.id, row]));
    let grew = false;
    const rows = messages.map((message) => {
      const shape = JSON.stringify([message, (message.buttons ?? []).map(({ payload }) => this.#pressed.has(`${message.id}-${payload}`))]);
      const before = old.get(String(message.id));
      if (before?.shape === shape) return before;
      const row = APPS[this.#app].draw(message, actions);
      row.shape = shape;
      grew ||= !before;
      row.classList.toggle("new", !before && old.size > 0);
      return row;
    });
    const same = rows.length === list.children.length && rows.every((row, index) => row === list.children[index]);
    if (same && rows.length > 0) return;
    const focus = list.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    list.replaceChildren(...(rows.length > 0 ? rows : [el("li", { class: "nothing", text: APPS[this.#app].empty })]));
    if (focus) list.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
    if (this.#app === "voice") list.scrollTop = 0;
    else if (this.#atEnd || grew) list.scrollTop = list.scrollHeight;
  }

  #poll(work, pause) {
    const turn = async () => {
      try {
        if (this.#e164 && !document.hidden && api.isConnected()) await work();
      } finally {
        setTimeout(turn, pause);
      }
    };
    setTimeout(turn, pause);
  }
}

/** A repeated question that failed is simply asked again; the state of the connection shows elsewhere. */
async function quietly(answer) {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof api.Offline || error instanceof api.Problem) return undefined;
    throw error;
  }
}
