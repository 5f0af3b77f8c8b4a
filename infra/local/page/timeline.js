// The way of one notification, leg by leg, with the wait for the next one running down.

import { copy, byId, el, icon, shape } from "./dom.js";
import { language, preciseClock, since, title, whatsappText } from "./format.js";

/** Words, icon and tone of a notification's status. */
const STATUS = {
  accepted: ["Accepted", "clock", "waiting"],
  submitted: ["Submitted", "clock", "waiting"],
  delivered: ["Delivered", "tick", "good"],
  read: ["Read", "eye", "good"],
  fallback_sent: ["Fallback sent", "sms", "notable"],
  suppressed: ["Suppressed", "minus", "quiet"],
  expired: ["Expired", "clock", "quiet"],
  cancelled: ["Cancelled", "minus", "quiet"],
  failed: ["Failed", "cross", "bad"],
  unknown: ["Unknown", "alert", "notable"],
};
const LEG_STATUS = {
  pending: ["Waiting", "waiting"],
  submitted: ["Submitted", "waiting"],
  uncertain: ["Outcome not known", "notable"],
  sent: ["Accepted by the carrier", "good"],
  delivered: ["Delivered", "good"],
  read: ["Read", "good"],
  failed: ["Failed", "bad"],
  skipped: ["Skipped", "quiet"],
};
const CHANNELS = { whatsapp: "WhatsApp", sms: "SMS", voice: "Call" };
const REASONS = {
  no_consent: "there is no consent for WhatsApp",
  opted_out: "the customer asked for no more messages",
  frequency_cap: "the limit of messages per day is reached",
  quiet_hours: "it is quiet hours for the customer",
  template_paused: "Meta has paused the template",
  template_unavailable: "Meta does not take this template at the moment",
  no_whatsapp_consent: "there is no consent for WhatsApp",
  queue_wait_exceeded: "it waited too long in the queue",
  guard: "it did not get its turn in time",
  channel_unavailable: "this deployment has no such channel",
  not_configured: "the bank’s settings are incomplete",
};
const ENDED = ["read", "fallback_sent", "suppressed", "expired", "cancelled", "failed"];
const ARRIVED = ["delivered", "read"];
const WAITING_LEG = ["pending", "submitted", "uncertain"];
/** The ring's radius on its 40 × 40 drawing. */
const RADIUS = 17;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

export const channelName = (channel) => CHANNELS[channel] ?? title(channel);

/** Whether anything may still happen to it by itself. */
export const isOver = (notification) => ENDED.includes(notification.status);

/** Whether cancelling could still change anything. */
const isCancellable = (notification) => ["accepted", "submitted"].includes(notification.status);

/** A notification's status as a word with an icon; never by colour alone. */
export function statusMark(status) {
  const [words, symbol, tone] = STATUS[status] ?? [title(status ?? "unknown"), "dots", "quiet"];
  return el("span", { class: `mark tone-${tone}` }, icon(symbol, 14), words);
}

/** Draws the chosen notification. `onCancel()` is called for its button. */
export class Timeline {
  #drawn = "";
  #countdown = null;
  #frame = 0;

  constructor({ onCancel }) {
    byId("cancel").addEventListener("click", onCancel);
  }

  /** Shows `entry` (`{ bank, name, template, data, replayed }`), or the empty state. */
  show(entry) {
    byId("empty").hidden = Boolean(entry);
    byId("current").hidden = !entry;
    byId("cancel").hidden = !entry?.data || !isCancellable(entry.data);
    const shape = entry ? JSON.stringify([entry.id, entry.bank.tenant, entry.name, entry.data, entry.replayed, entry.template?.channels]) : "";
    if (shape === this.#drawn) return;
    this.#drawn = shape;
    this.#countdown = null;
    if (!entry?.data) return;
    // Drawn anew only when something changed; the focus inside (the id's button) is kept.
    const hadFocus = byId("summary").contains(document.activeElement);
    byId("summary").replaceChildren(...this.#summary(entry));
    if (hadFocus) byId("summary").querySelector("button")?.focus();
    byId("rail").replaceChildren(...this.#steps(entry));
    this.#run();
  }

  #summary({ bank, name, data, replayed }) {
    const reason = data.reason && reasonWords(data.reason);
    const idButton = el("button", { type: "button", class: "id-button", title: "Copy the id" }, icon("copy", 13), el("span", { text: data.id }));
    idButton.addEventListener("click", async () => {
      const done = await copy(data.id);
      idButton.lastChild.textContent = done ? "Copied" : data.id;
      setTimeout(() => { idButton.lastChild.textContent = data.id; }, 1200);
    });
    const facts = [bank.name, data.class && title(data.class), data.locale && language(data.locale), data.reference && `ref. ${data.reference}`];
    return [
      el("div", { class: "summary-head" }, statusMark(data.status), el("strong", { text: title(data.template) }), el("span", { text: `to ${name ?? data.to}` })),
      data.text ? el("blockquote", { title: "As it is kept: personal data is masked" }, ...whatsappText(data.text)) : null,
      el("p", { class: "facts" }, facts.filter(Boolean).join(" · "), " ", idButton),
      reason ? el("p", { class: "notice" }, icon("alert", 15), `${STATUS[data.status]?.[0] ?? "Ended"}: ${reason}.`) : null,
      data.delivered_twice ? el("p", { class: "notice" }, icon("alert", 15), "Delivered twice: the receipt from WhatsApp came after the next message had left.") : null,
      replayed ? el("p", { class: "notice plain" }, icon("reply", 15), "This key had been used with the same content: nothing new was sent.") : null,
    ].filter(Boolean);
  }

  #steps({ data, template }) {
    const steps = [el("li", { class: "step tone-good" }, node("tick"), el("div", { class: "step-body" }, el("div", { class: "step-head" }, el("strong", { text: "Accepted" })), times([["Stored and queued", data.accepted_at]], data.accepted_at)))];
    const legs = data.legs ?? [];
    const ladder = template?.channels ?? legs.map((leg) => leg.channel);
    const count = Math.max(ladder.length, legs.length);
    for (let index = 0; index < count; index += 1) {
      const leg = legs[index];
      const channel = leg?.channel ?? ladder[index];
      const before = legs[index - 1];
      // A leg listed as pending has not begun before something opened it, and never does once all is over.
      const waits = leg?.status === "pending" && (isOver(data) || (index > 0 && !leg.opened_because && !leg.submitted_at));
      const begun = leg && !waits;
      if (index > 0) steps.push(this.#between(data, before, begun ? leg : null, channel, template));
      steps.push(begun ? legStep(leg, data) : ghostStep(channel, data, index));
    }
    if (data.cancelled_at) steps.push(el("li", { class: "step tone-quiet" }, node("cross"), el("div", { class: "step-body" }, el("div", { class: "step-head" }, el("strong", { text: "Cancelled" })), times([["No further message leaves", data.cancelled_at]], data.accepted_at))));
    for (const response of data.responses ?? []) {
      steps.push(el("li", { class: "step tone-notable" }, node("reply"), el("div", { class: "step-body" }, el("div", { class: "step-head" }, el("strong", { text: "The customer answered" }), el("code", { text: response.action })), times([["Button pressed", response.at]], data.accepted_at))));
    }
    return steps.filter(Boolean);
  }

  /** What stands between two legs: the wait, why the next one was opened, or why it was not needed. */
  #between(data, before, leg, channel, template) {
    if (leg) return el("li", { class: "between" }, el("span", { class: "why", text: why(leg, before, template) }));
    if (before && ARRIVED.includes(before.status)) {
      const arrived = before.delivered_at ?? before.read_at;
      const after = arrived ? ` after ${since(before.submitted_at ?? data.accepted_at, arrived).slice(1)}` : "";
      return el("li", { class: "between" }, el("span", { class: "why tone-good", text: `${before.delivered_at ? "Delivered" : "Read"}${after}: no ${channelName(channel)} needed` }));
    }
    if (!before?.opens_next_at || !WAITING_LEG.includes(before.status) || isOver(data)) return null;
    const opens = Date.parse(before.opens_next_at);
    const start = Date.parse(before.submitted_at ?? "") || opens - (template?.wait_seconds ?? 30) * 1000;
    const arc = shape("circle", { cx: 20, cy: 20, r: RADIUS, class: "ring-arc", pathLength: 1 });
    const left = el("strong", { class: "figures" });
    const bar = el("span", { class: "wait-bar" }, el("span"));
    this.#countdown = { opens, total: Math.max(opens - start, 1), arc, left, bar: bar.firstChild, channel: channelName(channel) };
    const ring = shape("svg", { viewBox: "0 0 40 40", width: 44, height: 44, class: "ring", "aria-hidden": "true" }, shape("circle", { cx: 20, cy: 20, r: RADIUS, class: "ring-track" }), arc);
    return el("li", { class: "between waiting", role: "timer" }, ring, el("div", {}, left, el("span", { class: "why", text: "unless WhatsApp says it was delivered" }), bar));
  }

  #run() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#frame);
    const countdown = this.#countdown;
    if (!countdown) return;
    const remaining = countdown.opens - Date.now();
    const share = Math.min(Math.max(remaining / countdown.total, 0), 1);
    countdown.arc.style.strokeDashoffset = String(1 - share);
    countdown.bar.style.transform = `scaleX(${share})`;
    const seconds = Math.ceil(remaining / 1000);
    const words = remaining > 0 ? `${countdown.channel} in ${seconds} s` : `${countdown.channel} due: opening`;
    if (countdown.left.textContent !== words) countdown.left.textContent = words;
    if (remaining < -30_000) return;
    this.#frame = STILL.matches ? setTimeout(() => this.#run(), 1000) : requestAnimationFrame(() => this.#run());
  }
}

/** A reason as words; one that this page does not know stays as the provider put it. */
const reasonWords = (reason) => REASONS[reason] ?? reason.replaceAll("_", " ");

const node = (symbol) => el("span", { class: "node" }, icon(symbol, 16));

/** Rows of time: what, when, and how long after the notification was accepted. */
function times(rows, start) {
  return el("dl", { class: "times" }, ...rows.filter(([, at]) => at).map(([what, at]) =>
    el("div", {}, el("dt", { text: what }), el("dd", {}, el("time", { datetime: at, text: preciseClock(at) }), at === start ? null : el("span", { class: "since", text: since(start, at) })))));
}

function legStep(leg, data) {
  const [words, tone] = LEG_STATUS[leg.status] ?? [title(leg.status), "quiet"];
  const rows = Object.entries(leg)
    .filter(([key, value]) => key.endsWith("_at") && key !== "opens_next_at" && typeof value === "string")
    .map(([key, value]) => [key === "submitted_at" ? (leg.channel === "whatsapp" ? "Handed to Meta" : "Handed to the carrier") : title(key.slice(0, -3)), value])
    .sort((a, b) => Date.parse(a[1]) - Date.parse(b[1]));
  const failure = leg.failure && el("p", { class: "failure" }, el("span", { text: [leg.failure.code, leg.failure.title].filter(Boolean).join(" ") }), leg.failure.kind ? el("span", { class: "kind", text: leg.failure.kind }) : null);
  const closed = leg.reason && el("p", { class: "facts", text: `Because ${reasonWords(leg.reason)}` });
  const provider = leg.provider_id && el("p", { class: "facts" }, "Carrier’s id ", el("code", { text: leg.provider_id }));
  return el("li", { class: `step tone-${tone}` }, node(leg.channel),
    el("div", { class: "step-body" }, el("div", { class: "step-head" }, el("strong", { text: channelName(leg.channel) }), el("span", { class: "leg-state", text: words })), times(rows, data.accepted_at), failure || null, closed || null, provider || null));
}

/** A leg of the template that has not been opened. */
function ghostStep(channel, data, index) {
  const arrived = ARRIVED.includes(data.status);
  const words = arrived ? "Not needed" : isOver(data) ? "Not opened" : index === 0 ? "In the queue" : "Standing by";
  return el("li", { class: "step ghost" }, node(channel), el("div", { class: "step-body" }, el("div", { class: "step-head" }, el("strong", { text: channelName(channel) }), el("span", { class: "leg-state", text: words }))));
}

function why(leg, before, template) {
  const name = before ? channelName(before.channel) : "The channel before";
  const seconds = before?.opens_next_at && before.submitted_at ? Math.round((Date.parse(before.opens_next_at) - Date.parse(before.submitted_at)) / 1000) : template?.wait_seconds;
  const code = before?.failure?.code ? ` (${before.failure.code})` : "";
  const words = {
    first: "First channel",
    not_delivered_in_time: `Not delivered${seconds ? ` within ${seconds} s` : " in time"}`,
    previous_failed: before?.status === "skipped" ? `${name} skipped` : `${name} failed${code}`,
    no_whatsapp_consent: "No consent for WhatsApp",
    queue_wait_exceeded: "Waited too long in the queue for WhatsApp",
    template_unavailable: "Meta does not take this template at the moment",
    guard: "WhatsApp did not get its turn in time",
  };
  const because = words[leg.opened_because] ?? (leg.opened_because ? title(leg.opened_because) : "Opened");
  return `${because}: ${channelName(leg.channel)} opened`;
}
