// The log of what happens in the stack, newest first.

import { byId, el } from "./dom.js";
import { preciseClock, title } from "./format.js";

const KEPT = 200;

/** Lines of the event stream; those of the chosen notification stand out. */
export class Activity {
  #chosen = null;
  #count = 0;

  add({ at, kind, notification, text }) {
    const list = byId("activity-lines");
    const line = el("li", { "data-notification": notification },
      el("time", { datetime: at, text: preciseClock(at) }), el("span", { class: "activity-kind", text: title(kind ?? "event") }), el("span", { class: "activity-text", text: text ?? "" }));
    line.classList.toggle("chosen", Boolean(notification) && notification === this.#chosen);
    list.prepend(line);
    while (list.childElementCount > KEPT) list.lastElementChild.remove();
    this.#count += 1;
    byId("activity-count").textContent = String(this.#count);
  }

  choose(id) {
    this.#chosen = id;
    for (const line of byId("activity-lines").children) line.classList.toggle("chosen", Boolean(id) && line.dataset.notification === id);
  }
}
