// One input per parameter type. What a control reads is what the API takes; whether it is right is
// the server's to say, and its answer is shown beside the control.

import { el } from "./dom.js";
import { localInput, minorToText, money, textToMinor, title } from "./format.js";

const CURRENCIES = ["BRL", "USD", "EUR"];
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const TIME = /^\d\d:\d\d$/;
const LONG_TEXT = 60;

/** The fields of a form by the path under which the API reports them (`params.amount.currency`). */
export class Fields {
  #slots = new Map();
  #count = 0;

  /** An id for the next input, unique on the page. */
  nextId() {
    this.#count += 1;
    return `param-${this.#count}`;
  }

  /** Puts a place for mistakes under `input`, reported under any of `paths`. */
  add(input, holder, ...paths) {
    let message = holder.querySelector(":scope > .mistake");
    if (!message) {
      message = el("p", { class: "mistake", id: `${input.id}-mistake`, hidden: true });
      holder.append(message);
    }
    for (const path of paths) this.#slots.set(path, { input, message });
    input.addEventListener("input", () => this.#clear({ input, message }));
  }

  /** Forgets the parameters of the template before. */
  forget(prefix) {
    for (const path of this.#slots.keys()) if (path.startsWith(prefix)) this.#slots.delete(path);
  }

  clear() {
    for (const slot of this.#slots.values()) this.#clear(slot);
  }

  #clear({ input, message }) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
    message.hidden = true;
    message.textContent = "";
  }

  /**
   * Shows mistakes beside their fields and moves the focus to the first.
   * Answers those that belong to no field here.
   */
  show(errors) {
    this.clear();
    const homeless = [];
    const marked = [];
    for (const error of errors) {
      const slot = this.#slotFor(error.field);
      if (!slot) {
        homeless.push(error);
        continue;
      }
      const text = error.rule.charAt(0).toUpperCase() + error.rule.slice(1);
      slot.message.textContent = slot.message.textContent === "" ? text : `${slot.message.textContent} · ${text}`;
      slot.message.hidden = false;
      slot.input.setAttribute("aria-invalid", "true");
      slot.input.setAttribute("aria-describedby", slot.message.id);
      slot.input.closest("details")?.setAttribute("open", "");
      marked.push(slot.input);
    }
    // The first as the eye meets it, not as the server lists it.
    marked.sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    marked[0]?.focus();
    return homeless;
  }

  #slotFor(field) {
    for (let path = field.toLowerCase(); path !== ""; path = path.replace(/[.[]?[^.[]*$/, "")) {
      const slot = this.#slots.get(path);
      if (slot) return slot;
    }
    return undefined;
  }
}

function labelled(spec, id, ...content) {
  const label = el("label", { for: id }, title(spec.name));
  if (spec.required === false) label.append(" ", el("span", { class: "optional", text: "optional" }));
  return el("div", { class: "field" }, label, ...content);
}

/**
 * The control for a parameter of the catalogue: its element, and `read(mistakes)`, which answers the
 * value for the API, or undefined where nothing was entered.
 */
export function control(spec, path, fields) {
  const example = spec.example;
  if (spec.type === "money" || isMoney(example)) return moneyControl(spec, path, fields);
  if (Array.isArray(spec.values)) return choiceControl(spec, path, fields);
  if (typeof example === "boolean") return checkControl(spec, path, fields);
  if (typeof example === "number") return numberControl(spec, path, fields);
  if (isRecord(example)) return recordControl(spec, path, fields);
  if (typeof example === "object" && example !== null) return jsonControl(spec, path, fields);
  if (INSTANT.test(example ?? "")) return instantControl(spec, path, fields);
  if (DAY.test(example ?? "")) return textControl(spec, path, fields, { type: "date" });
  if (TIME.test(example ?? "")) return textControl(spec, path, fields, { type: "time" });
  return textControl(spec, path, fields, {});
}

const isMoney = (value) => typeof value === "object" && value !== null && "minor" in value && "currency" in value;
const isScalar = (value) => ["string", "number", "boolean"].includes(typeof value);
const isRecord = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every((part) => isScalar(part) || isMoney(part));

function moneyControl(spec, path, fields) {
  const id = fields.nextId();
  const start = isMoney(spec.example) ? spec.example : { minor: 10000, currency: "BRL" };
  const amount = el("input", { id, inputmode: "decimal", spellcheck: "false", class: "figures", value: minorToText(start.minor, start.currency) });
  const currency = el("select", { id: fields.nextId(), "aria-label": `Currency of ${title(spec.name).toLowerCase()}` });
  for (const code of new Set([start.currency, ...CURRENCIES])) currency.append(el("option", { value: code, text: code }));
  const reads = el("p", { class: "hint figures", "aria-hidden": "true" });
  const element = labelled(spec, id, el("div", { class: "amount" }, amount, currency), reads);
  fields.add(amount, element, path, `${path}.minor`);
  fields.add(currency, element, `${path}.currency`);
  const show = () => {
    const minor = textToMinor(amount.value, currency.value);
    reads.textContent = minor === null ? "" : money(minor, currency.value);
  };
  element.addEventListener("input", show);
  show();
  return {
    element,
    read(mistakes) {
      if (amount.value.trim() === "") return undefined;
      const minor = textToMinor(amount.value, currency.value);
      if (minor === null) mistakes.push({ field: path, rule: "must be an amount, such as 200.00" });
      return { minor, currency: currency.value };
    },
  };
}

function choiceControl(spec, path, fields) {
  const id = fields.nextId();
  const select = el("select", { id });
  if (spec.required === false) select.append(el("option", { value: "", text: "—" }));
  for (const value of spec.values) select.append(el("option", { value, text: value, selected: value === spec.example }));
  const element = labelled(spec, id, select);
  fields.add(select, element, path);
  return { element, read: () => (select.value === "" ? undefined : select.value) };
}

function checkControl(spec, path, fields) {
  const input = el("input", { id: fields.nextId(), type: "checkbox", checked: spec.example });
  const element = el("div", { class: "field" }, el("label", { class: "check" }, input, el("span", { text: title(spec.name) })));
  fields.add(input, element, path);
  return { element, read: () => input.checked };
}

function numberControl(spec, path, fields) {
  const id = fields.nextId();
  const input = el("input", { id, type: "number", step: Number.isInteger(spec.example) ? "1" : "any", class: "figures", value: String(spec.example) });
  const element = labelled(spec, id, input);
  fields.add(input, element, path);
  return {
    element,
    read(mistakes) {
      // What is not a number has an empty value, and says so.
      if (input.validity.badInput) mistakes.push({ field: path, rule: "must be a number" });
      return input.value === "" ? undefined : Number(input.value);
    },
  };
}

function textControl(spec, path, fields, { type = "text" }) {
  const id = fields.nextId();
  const example = spec.example === undefined || spec.example === null ? "" : String(spec.example);
  const input = example.length > LONG_TEXT ? el("textarea", { id, rows: "3" }) : el("input", { id, type, spellcheck: "false" });
  input.value = example;
  const element = labelled(spec, id, input);
  fields.add(input, element, path);
  return { element, input, read: () => (input.value === "" ? undefined : input.value) };
}

function instantControl(spec, path, fields) {
  const id = fields.nextId();
  const start = localInput(spec.example);
  const input = el("input", { id, type: "datetime-local", step: "1", value: start });
  const element = labelled(spec, id, input, el("p", { class: "hint", text: "Your local time" }));
  fields.add(input, element, path);
  return {
    element,
    read() {
      if (input.value === "") return undefined;
      const untouched = Date.parse(input.value) === Date.parse(start);
      return untouched ? spec.example : new Date(input.value).toISOString();
    },
  };
}

function recordControl(spec, path, fields) {
  const parts = Object.entries(spec.example).map(([name, example]) => [name, control({ name, example }, `${path}.${name}`, fields)]);
  const id = fields.nextId();
  const legend = el("legend", { id, tabindex: "-1" }, title(spec.name));
  if (spec.required === false) legend.append(" ", el("span", { class: "optional", text: "optional" }));
  const element = el("fieldset", { class: "record" }, legend, ...parts.map(([, part]) => part.element));
  fields.add(legend, element, path);
  return {
    element,
    read(mistakes) {
      const entries = parts.map(([name, part]) => [name, part.read(mistakes)]).filter(([, value]) => value !== undefined);
      return entries.length === 0 ? undefined : Object.fromEntries(entries);
    },
  };
}

function jsonControl(spec, path, fields) {
  const id = fields.nextId();
  const input = el("textarea", { id, rows: "5", spellcheck: "false", class: "code" });
  input.value = JSON.stringify(spec.example, null, 1);
  const element = labelled(spec, id, input, el("p", { class: "hint", text: "JSON" }));
  fields.add(input, element, path);
  return {
    element,
    read(mistakes) {
      if (input.value.trim() === "") return undefined;
      try {
        return JSON.parse(input.value);
      } catch {
        mistakes.push({ field: path, rule: "must be JSON" });
        return undefined;
      }
    },
  };
}
