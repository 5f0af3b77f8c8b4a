// How numbers, times and WhatsApp's markup are written on the page.

import { el } from "./dom.js";

/** `+5511987654321` as people write it; numbers of other countries stay as they are. */
export function phoneNumber(e164) {
  const brazil = /^\+55(\d{2})(\d{4,5})(\d{4})$/.exec(e164);
  return brazil ? `+55 (${brazil[1]}) ${brazil[2]}-${brazil[3]}` : e164;
}

/** A number as the API shows it: `+55 (11) *****-4321`. */
export const maskedNumber = (e164) => phoneNumber(e164).replace(/\d{4,5}-/, "*****-");

/** `pix_received` as a title. */
export function title(name) {
  const words = name.replaceAll("_", " ").replaceAll(/(\p{L})(\d)/gu, "$1 $2").replace(/\burl\b/, "URL");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `pt_BR` in English, short: `Portuguese (BR)`. */
export function language(locale) {
  const [code, region] = locale.split(/[_-]/);
  try {
    const name = new Intl.DisplayNames("en", { type: "language" }).of(code);
    return region ? `${name} (${region})` : name;
  } catch {
    return locale;
  }
}

const pad = (value, width = 2) => String(value).padStart(width, "0");

/** The viewer's clock, to the minute: what a phone shows. */
export function clock(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : `${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** The viewer's clock, to the millisecond: what a timeline needs. */
export function preciseClock(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  return `${clock(date)}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}

/** Time between two moments, signed: `+0.42 s`, `+31.2 s`, `+2 min 5 s`. */
export function since(start, end) {
  const seconds = (Date.parse(end) - Date.parse(start)) / 1000;
  if (!Number.isFinite(seconds)) return "";
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? "−" : "+";
  if (size < 10) return `${sign}${size.toFixed(2)} s`;
  if (size < 60) return `${sign}${size.toFixed(1)} s`;
  const whole = Math.round(size);
  return `${sign}${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A `datetime-local` value in the viewer's zone. */
export function localInput(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** Decimal places of a currency, by ISO 4217 as the browser knows it; 2 for one it does not know. */
export function decimals(currency) {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  } catch {
    return 2;
  }
}

/** Minor units as a person types them: `20000 BRL` is `200.00`. */
export function minorToText(minor, currency) {
  return (minor / 10 ** decimals(currency)).toFixed(decimals(currency));
}

/**
 * What a person typed, in minor units, or null where it is not an amount.
 * Points and commas are both understood: the last one is the decimal sign if no more digits
 * follow it than the currency has, and every other one groups thousands.
 */
export function textToMinor(text, currency) {
  const places = decimals(currency);
  const match = /^(-?)(\d[\d.,\s]*)$/.exec(text.trim());
  if (!match) return null;
  const digits = match[2].replaceAll(/\s/g, "");
  const mark = Math.max(digits.lastIndexOf("."), digits.lastIndexOf(","));
  const after = mark < 0 ? 0 : digits.length - mark - 1;
  const decimal = mark >= 0 && after <= places;
  const whole = (decimal ? digits.slice(0, mark) : digits).replaceAll(/[.,]/g, "");
  const fraction = decimal ? digits.slice(mark + 1) : "";
  const minor = Number(whole + fraction.padEnd(places, "0"));
  return Number.isSafeInteger(minor) ? (match[1] ? -minor : minor) : null;
}

/** An amount as it reads, or an empty text. */
export function money(minor, currency) {
  try {
    return new Intl.NumberFormat(currency === "BRL" ? "pt-BR" : "en", { style: "currency", currency }).format(minor / 10 ** decimals(currency));
  } catch {
    return "";
  }
}

const LINK = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g;

/** A message's text with its links marked; they stay texts, since demonstration links lead nowhere. */
export function linked(text) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(LINK)) {
    parts.push(text.slice(last, match.index), el("span", { class: "link", text: match[0] }));
    last = match.index + match[0].length;
  }
  parts.push(text.slice(last));
  return parts;
}

// A mark counts only where the text inside does not begin or end with a space and the mark does
// not stand inside a word, as on a phone: `5*3*2` stays as it is.
const MARKUP = /```([\s\S]+?)```|(?<![\p{L}\p{N}*])\*(?=\S)([^*\n]*?[^*\s])\*(?![\p{L}\p{N}*])|(?<![\p{L}\p{N}_])_(?=\S)([^_\n]*?[^_\s])_(?![\p{L}\p{N}_])|(?<![\p{L}\p{N}~])~(?=\S)([^~\n]*?[^~\s])~(?![\p{L}\p{N}~])/gu;

/** WhatsApp's markup as elements: *bold*, _italic_, ~struck~ and ```monospace```, nested but for the last. */
export function whatsappText(text) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(MARKUP)) {
    parts.push(...linked(text.slice(last, match.index)));
    const [, mono, bold, italic, struck] = match;
    if (mono !== undefined) parts.push(el("code", { text: mono }));
    else if (bold !== undefined) parts.push(el("strong", {}, ...whatsappText(bold)));
    else if (italic !== undefined) parts.push(el("em", {}, ...whatsappText(italic)));
    else parts.push(el("s", {}, ...whatsappText(struck)));
    last = match.index + match[0].length;
  }
  parts.push(...linked(text.slice(last)));
  return parts;
}

/** Up to two initials of a name. */
export function initials(name) {
  const words = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  if (words.length === 0) return "#";
  return (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}
