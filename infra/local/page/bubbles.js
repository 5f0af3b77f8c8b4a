// One message as each app of the phone draws it.

import { copy, el, icon, shape } from "./dom.js";
import { clock, linked, whatsappText } from "./format.js";

const BUTTON_ICONS = { quick_reply: "reply", reply: "reply", list_row: "reply", phone_number: "voice", url: "link", copy_code: "copy", order_details: "pay" };
const TICK_WORDS = { sent: "Sent", delivered: "Delivered", read: "Read" };

export const isFromCustomer = (message) => message.direction === "from_customer";

/** The ticks as the bank sees them: one grey, two grey, two blue. */
function ticks(state) {
  if (!TICK_WORDS[state]) return null;
  const marks = [shape("path", { d: "m1.5 6.5 3 3 6-7" })];
  if (state !== "sent") marks.push(shape("path", { d: "m6.8 8.8.7.7 6-7" }));
  return el("span", { class: `ticks ticks-${state}`, title: `${TICK_WORDS[state]} (what the bank sees)` },
    shape("svg", { viewBox: "0 0 15 11", width: 16, height: 12, "aria-hidden": "true" }, ...marks), el("span", { class: "visually-hidden", text: TICK_WORDS[state] }));
}

/** The web page behind a button, only if it is one. */
function webAddress(url) {
  try {
    const parsed = new URL(url);
    return ["https:", "http:"].includes(parsed.protocol) ? parsed.href : undefined;
  } catch {
    return undefined;
  }
}

function bubbleButton(button, index, message, { pressed, onPress }) {
  const words = el("span", { text: button.label });
  const content = () => [icon(BUTTON_ICONS[button.type] ?? "dots", 15), el("span", {}, words, button.description ? el("small", { text: button.description }) : null)];
  if (button.type === "url") {
    const href = webAddress(button.url);
    return el("a", { class: "bubble-button", href, target: "_blank", rel: "noopener noreferrer", title: button.url, "data-focus": `${message.id}-${index}` }, ...content());
  }
  const element = el("button", { type: "button", class: "bubble-button", "data-focus": `${message.id}-${index}` }, ...content());
  if (button.code) {
    element.title = `Copies ${button.code}`;
    element.addEventListener("click", async () => {
      words.textContent = (await copy(button.code)) ? "Copied" : "Could not copy";
      setTimeout(() => { words.textContent = button.label; }, 1500);
    });
  } else {
    element.disabled = pressed.has(`${message.id}-${button.payload}`) || !button.payload;
    element.addEventListener("click", () => onPress(message, button));
  }
  return element;
}

/** A small way from a message to its notification's timeline. */
function timelineButton(message, onOpen) {
  if (!message.notification) return null;
  return el("button", { type: "button", class: "to-timeline", title: "Show its timeline", "aria-label": "Show the timeline of this message", "data-focus": `${message.id}-timeline`, on: { click: () => onOpen(message) } }, icon("clock", 14));
}

/** A headline, or what stands for a file: `[document extrato.pdf]`. */
function header(text) {
  if (!text) return null;
  const [, kind, name] = /^\[(document|image|video|audio|sticker) (.+)\]$/.exec(text) ?? [];
  if (!kind) return el("p", { class: "bubble-header" }, ...whatsappText(text));
  return el("p", { class: "bubble-file" }, icon("file", 22), el("span", {}, el("span", { text: name }), el("small", { text: kind })));
}

/** A message in the WhatsApp chat. */
export function whatsappBubble(message, actions) {
  const own = isFromCustomer(message);
  const bubble = el("div", { class: "bubble" },
    header(message.header),
    el("p", { class: "bubble-text" }, ...whatsappText(message.text ?? "")),
    el("p", { class: "bubble-foot" }, el("span", { class: "bubble-footer", text: message.footer ?? "" }), el("span", { class: "bubble-meta" }, el("time", { datetime: message.at, text: clock(message.at) }), own ? ticks("delivered") : ticks(message.ticks))),
  );
  const buttons = (message.buttons ?? []).map((button, index) => bubbleButton(button, index, message, actions));
  if (buttons.length > 0) bubble.append(el("div", { class: "bubble-buttons" }, ...buttons));
  const kind = own ? "row own" : message.ticks === "sent" ? "row underway" : "row";
  return el("li", { class: kind, "data-id": message.id }, bubble, own ? null : timelineButton(message, actions.onOpen));
}

/** A message in the text-message app. */
export function smsBubble(message, actions) {
  const own = isFromCustomer(message);
  return el("li", { class: own ? "row own" : "row", "data-id": message.id },
    el("div", { class: "sms" }, el("p", {}, ...linked(message.text ?? ""))),
    own ? null : timelineButton(message, actions.onOpen),
    el("p", { class: "sms-meta" }, el("time", { datetime: message.at, text: clock(message.at) }), " · SMS"));
}

/** A call, with the words that were spoken. */
export function callRow(message, actions) {
  return el("li", { class: "row call", "data-id": message.id },
    el("span", { class: "call-icon" }, icon("voice", 18)),
    el("div", { class: "call-body" }, el("p", { class: "call-who" }, el("strong", { text: message.from ?? "Bank" }), el("time", { datetime: message.at, text: clock(message.at) })), el("p", { class: "call-kind", text: "Incoming call" }), el("blockquote", { text: message.text ?? "" })),
    timelineButton(message, actions.onOpen));
}
