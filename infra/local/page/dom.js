// Builds the page's elements. Texts are only ever set as text: what customers, banks and
// servers write is never parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Drawn on a 24 × 24 grid, stroked in the colour of the text around them. */
const ICONS = {
  whatsapp: "M12 3.5a8.5 8.5 0 0 0-7.3 12.8L3.5 20.5l4.3-1.1A8.5 8.5 0 1 0 12 3.5zM9 8.8c0 3.4 2.8 6.2 6.2 6.2",
  sms: "M4.5 4.5h15a1.5 1.5 0 0 1 1.5 1.5v9.5a1.5 1.5 0 0 1-1.5 1.5H11l-4.5 3.5V17h-2A1.5 1.5 0 0 1 3 15.5V6a1.5 1.5 0 0 1 1.5-1.5zM7.5 9h9M7.5 12.5h6",
  voice: "M6 3.5h3l1.5 4.5-2 1.5a12 12 0 0 0 6 6l1.5-2 4.5 1.5v3a2 2 0 0 1-2 2A15.5 15.5 0 0 1 4 5.5a2 2 0 0 1 2-2z",
  tick: "m5 12.5 4.5 4.5L19 7",
  cross: "m6 6 12 12M18 6 6 18",
  minus: "M6 12h12",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  dots: "M6 12h.01M12 12h.01M18 12h.01",
  alert: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17h.01",
  reply: "M9.5 6 4 11.5 9.5 17M4 11.5h9a6.5 6.5 0 0 1 6.5 6.5v1",
  link: "M13.5 4.5h6v6M19.5 4.5 11 13M17 14v4.5a1.5 1.5 0 0 1-1.5 1.5h-10A1.5 1.5 0 0 1 4 18.5v-10A1.5 1.5 0 0 1 5.5 7H10",
  copy: "M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9",
  file: "M6 3.5h8l4.5 4.5v12.5H6zM14 3.5V8h4.5M9 12.5h6.5M9 16h6.5",
  pay: "M3.5 6.5h17v11h-17zM3.5 10.5h17M7 14.5h3",
  send: "M4 12 20 4.5 15.5 20l-3.5-6.5zM12 13.5 20 4.5",
  signal: "M5 19v-3M10 19v-6M15 19V10M20 19V6",
  battery: "M3 8.5h15v7H3zM20.5 11v2M5.5 11v2M8.5 11v2M11.5 11v2",
};

/**
 * An element with its attributes and children.
 * `class`, `text` and `on` (an object of listeners) are special; a false or missing value is left out.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A decorative icon, hidden from assistive technology: the words stand beside it. */
export function icon(name, size = 16) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: size, height: size, class: `icon icon-${name}`, "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name] ?? ICONS.dots);
  svg.append(path);
  return svg;
}

/** An SVG element with attributes, for the few drawings that are not icons. */
export function shape(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Says something to a screen reader without moving the focus. */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** Copies a text; resolves to whether it worked (the clipboard API needs a secure context). */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { class: "visually-hidden", "aria-hidden": "true" });
    area.value = text;
    const before = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus();
    return done;
  }
}
