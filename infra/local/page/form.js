// The form that sends a template of the catalogue, as a bank's backend would.

import * as api from "./api.js";
import { control, Fields } from "./controls.js";
import { byId, el } from "./dom.js";
import { clock, language, phoneNumber, title } from "./format.js";

const OTHER = "other";
/** Marketing and servicing are suppressed without a consent for WhatsApp; the other purposes go by SMS. */
const SUPPRESSED_WITHOUT_CONSENT = ["marketing", "servicing"];
const CHANNEL_WORDS = { whatsapp: "WhatsApp", sms: "SMS", voice: "call" };
const WORDING = {
  pt: "Quero receber avisos da minha conta pelo WhatsApp",
  fr: "Je veux recevoir les avis de mon compte sur WhatsApp",
  de: "Ich möchte Nachrichten zu meinem Konto über WhatsApp erhalten",
  en: "I want to receive notices about my account on WhatsApp",
};
/** Numbers that never leave the stack; each has its own outcome. */
const RESERVED = [
  ["001", "delivered and read"], ["002", "delivered"], ["003", "accepted, nothing more"], ["004", "not on WhatsApp"],
  ["005", "template paused"], ["006", "throttled, then delivered"], ["007", "answer lost, delivered"], ["008", "answer lost, not delivered"],
  ["009", "read without delivered"], ["010", "failed, then delivered"], ["011", "delivered after the SMS"], ["012", "SMS refused too"],
];

/** A key nobody used before. `randomUUID` needs a secure context, which a page on another host is not. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `page-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** The sending form. `onSent(sent)` gets what was accepted, `onRecipient(e164)` the number chosen. */
export class SendForm {
  #session;
  #catalogue;
  #fields = new Fields();
  #controls = [];
  #consent = { state: "unknown" };
  #consentAsked = 0;
  #sending = false;
  #connected = false;
  #onSent;
  #onRecipient;

  constructor({ onSent, onRecipient }) {
    this.#onSent = onSent;
    this.#onRecipient = onRecipient;
    for (const [id, ...paths] of [
      ["template", "template"], ["locale", "locale"], ["to", "to"], ["reference", "reference"],
      ["valid-until", "valid_until"], ["key", "idempotency-key", "idempotency_key"],
    ]) this.#fields.add(byId(id), byId(id).closest(".field"), ...paths);
    this.#fields.add(byId("other"), byId("other-field"), "other");
    byId("key").value = newKey();
    byId("new-key").addEventListener("click", () => { byId("key").value = newKey(); });
    byId("template").addEventListener("change", () => this.#templateChanged());
    byId("to").addEventListener("change", () => this.#recipientChanged());
    byId("other").addEventListener("change", () => this.#recipientChanged());
    byId("banks").addEventListener("change", () => this.refreshConsent({ anew: true }));
    byId("agree").addEventListener("change", () => this.#showConsent());
    byId("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Fills the form from the stack, keeping what is still there of what was chosen. */
  start(session, catalogue) {
    const before = { bank: this.bank?.tenant, template: byId("template").value, to: byId("to").value };
    this.#session = session;
    this.#catalogue = catalogue;
    byId("banks").replaceChildren(...session.banks.map((bank, index) => {
      const input = el("input", { type: "radio", name: "bank", value: bank.tenant, checked: before.bank ? bank.tenant === before.bank : index === 0 });
      return el("label", {}, input, el("span", { text: bank.name }));
    }));
    this.#fillTemplates(before.template);
    this.#fillRecipients(before.to);
    this.#templateChanged();
    this.#recipientChanged();
  }

  get bank() {
    const tenant = document.querySelector('input[name="bank"]:checked')?.value;
    return this.#session?.banks.find((bank) => bank.tenant === tenant) ?? this.#session?.banks[0];
  }

  get template() {
    return this.#catalogue?.[Number(byId("template").selectedOptions[0]?.dataset.index)];
  }

  get recipient() {
    return byId("to").value === OTHER ? byId("other").value.replaceAll(/[\s().-]/g, "") : byId("to").value;
  }

  /** Follows the phone that is looked at. */
  choose(e164) {
    if (this.recipient === e164) return;
    const listed = [...byId("to").options].some((option) => option.value === e164);
    byId("to").value = listed ? e164 : OTHER;
    if (!listed) byId("other").value = e164;
    this.#recipientChanged();
  }

  setConnected(connected) {
    this.#connected = connected;
    this.#showButton();
  }

  #fillTemplates(chosen) {
    const groups = new Map();
    this.#catalogue.forEach((template, index) => {
      if (!groups.has(template.class)) groups.set(template.class, el("optgroup", { label: title(template.class) }));
      groups.get(template.class).append(el("option", { value: template.name, "data-index": index, text: title(template.name), selected: template.name === chosen }));
    });
    byId("template").replaceChildren(...groups.values());
  }

  #fillRecipients(chosen) {
    const known = new Set(this.#session.customers.map((customer) => customer.to));
    const reserved = RESERVED.map(([digits, outcome]) => [`+5511900000${digits}`, `…${digits}: ${outcome}`]).filter(([to]) => !known.has(to));
    byId("to").replaceChildren(
      el("optgroup", { label: "Customers" }, ...this.#session.customers.map(({ name, to }) => el("option", { value: to, text: name }))),
      el("optgroup", { label: "Reserved numbers +55 11 90000-0…" }, ...reserved.map(([value, text]) => el("option", { value, text }))),
      el("option", { value: OTHER, text: "Another number…" }),
    );
    if (chosen && [...byId("to").options].some((option) => option.value === chosen)) byId("to").value = chosen;
  }

  #templateChanged() {
    const template = this.template;
    if (!template) return;
    const ladder = template.channels.map((channel) => CHANNEL_WORDS[channel] ?? channel).join(" → ");
    const wait = template.channels.length > 1 && template.wait_seconds ? `, ${template.wait_seconds}\u00a0s apart` : "";
    byId("template-facts").textContent = `${title(template.class)} · ${ladder}${wait} · version\u00a0${template.version}`;
    const locale = byId("locale").value;
    byId("locale").replaceChildren(...template.locales.map((code) => el("option", { value: code, text: language(code), selected: code === locale })));
    this.#fields.clear();
    this.#fields.forget("params");
    byId("problem").hidden = true;
    this.#controls = template.params.map((spec) => ({ spec, ...control(spec, `params.${spec.name}`, this.#fields) }));
    byId("params").replaceChildren(...this.#controls.map(({ element }) => element));
    byId("params-set").hidden = template.params.length === 0;
    this.#fillName();
    this.refreshConsent({ anew: true });
  }

  #recipientChanged() {
    byId("other-field").hidden = byId("to").value !== OTHER;
    if (byId("to").value === OTHER && byId("other").value === "") byId("other").focus();
    this.#fillName();
    this.#showButton();
    this.refreshConsent({ anew: true });
    if (api.isE164(this.recipient)) this.#onRecipient(this.recipient);
  }

  /** The customer's own name goes where the template greets them, unless somebody typed another. */
  #fillName() {
    const field = this.#controls.find(({ spec }) => spec.type === "person_name" && spec.name === "name");
    if (!field?.input) return;
    const names = this.#session.customers.map(({ name }) => name);
    if (field.input.value !== field.spec.example && !names.includes(field.input.value)) return;
    field.input.value = this.#customer()?.name ?? field.spec.example;
  }

  #customer() {
    return this.#session?.customers.find(({ to }) => to === this.recipient);
  }

  #showButton() {
    const button = byId("send-button");
    button.disabled = !this.#connected || this.#sending;
    const whom = this.#customer()?.name.split(" ")[0] ?? (api.isE164(this.recipient) ? phoneNumber(this.recipient) : "");
    button.textContent = this.#sending ? "Sending…" : `Send ${whom && `to ${whom}`}`.trim();
  }

  /** Asks what is on record for this recipient and purpose; `anew` sets the box to what fits it. */
  async refreshConsent({ anew = false } = {}) {
    const { bank, template, recipient } = this;
    this.#consentAsked += 1;
    const asked = this.#consentAsked;
    let found = { state: "unknown" };
    if (bank && template && api.isE164(recipient)) {
      try {
        const all = await api.consents(bank, recipient);
        found = all.find((consent) => consent.channel === "whatsapp" && consent.purpose === template.class) ?? { state: "none" };
      } catch (error) {
        if (!(error instanceof api.Offline) && !(error instanceof api.Problem)) throw error;
      }
    }
    if (asked !== this.#consentAsked) return;
    const changed = found.state !== this.#consent.state;
    this.#consent = found;
    // A grant on record needs no second; what was withdrawn is not granted again unasked.
    if (found.state !== "unknown" && (anew || changed)) byId("agree").checked = found.state === "granted" || found.state === "none";
    this.#showConsent();
  }

  #showConsent() {
    const { state, since, source } = this.#consent;
    const agree = byId("agree");
    agree.disabled = state === "granted";
    const words = byId("consent-words");
    const origin = `${since ? ` since ${clock(since)}` : ""}${source ? ` (${title(source).toLowerCase()})` : ""}`;
    const purpose = this.template?.class ?? "this purpose";
    const without = SUPPRESSED_WITHOUT_CONSENT.includes(purpose) ? "the message will be suppressed" : "the SMS goes at once";
    if (state === "granted") {
      words.replaceChildren(`For ${purpose}, on record${origin}. `, el("button", { type: "button", class: "link-button", text: "Withdraw", on: { click: () => this.#withdraw() } }));
    } else if (agree.checked) {
      words.textContent = `Recorded for ${purpose} when you send.`;
    } else if (state === "none" || state === "unknown") {
      words.textContent = `Without it ${without}.`;
    } else {
      words.textContent = `${title(state)} for ${purpose}${origin}: ${without}.`;
    }
  }

  async #withdraw() {
    try {
      await api.recordConsent(this.bank, this.recipient, this.template.class, "revoke", this.#wording());
      await this.refreshConsent({ anew: true });
      byId("agree").focus();
    } catch (error) {
      this.#showProblem(error);
    }
  }

  #wording() {
    return WORDING[byId("locale").value.slice(0, 2)] ?? WORDING.en;
  }

  #request(mistakes) {
    const params = {};
    for (const { spec, read } of this.#controls) {
      const value = read(mistakes);
      if (value !== undefined) params[spec.name] = value;
    }
    const request = { template: this.template.name, locale: byId("locale").value, to: this.recipient, params };
    if (byId("reference").value !== "") request.reference = byId("reference").value;
    if (byId("valid-until").value !== "") request.valid_until = new Date(byId("valid-until").value).toISOString();
    return request;
  }

  async #submit() {
    if (this.#sending || !this.#connected || !this.template) return;
    byId("problem").hidden = true;
    this.#fields.clear();
    const mistakes = [];
    const request = this.#request(mistakes);
    if (!api.isE164(request.to)) mistakes.unshift({ field: byId("to").value === OTHER ? "other" : "to", rule: "must be a number with its country, such as +5511987654321" });
    // A header cannot carry anything else, so the server would never see it.
    if (!/^[\x20-\x7e]{1,255}$/.test(byId("key").value)) mistakes.push({ field: "idempotency-key", rule: "must be 1 to 255 printable ASCII characters" });
    if (mistakes.length > 0) {
      this.#fields.show(mistakes);
      return;
    }
    const { bank, template } = this;
    this.#sending = true;
    this.#showButton();
    try {
      if (byId("agree").checked && this.#consent.state !== "granted") await api.recordConsent(bank, request.to, template.class, "grant", this.#wording());
      const { notification, replayed } = await api.send(bank, request, byId("key").value);
      if (!byId("keep-key").checked) byId("key").value = newKey();
      this.#onSent({ bank, to: request.to, notification, replayed });
    } catch (error) {
      this.#showProblem(error);
    } finally {
      this.#sending = false;
      this.#showButton();
      this.refreshConsent();
    }
  }

  #showProblem(error) {
    if (!(error instanceof api.Problem) && !(error instanceof api.Offline)) throw error;
    const errors = (error.errors ?? []).map((one) => (one.field === "to" && byId("to").value === OTHER ? { ...one, field: "other" } : one));
    const homeless = this.#fields.show(errors);
    const box = byId("problem");
    box.replaceChildren(...[
      el("strong", { text: error.status ? `${error.message} (${error.status})` : error.message }),
      error.detail ? el("p", { text: error.detail }) : null,
      homeless.length > 0 ? el("ul", {}, ...homeless.map(({ field, rule }) => el("li", {}, el("code", { text: field }), ` ${rule}`))) : null,
      error.retryAfter ? el("p", { text: `Try again in ${error.retryAfter} s; the same key is safe.` }) : null,
    ].filter((part) => part !== null));
    box.hidden = false;
  }
}
