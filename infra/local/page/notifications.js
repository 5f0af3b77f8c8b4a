// The notifications this page knows: those sent from it and those seen on a phone. The API lists
// none, so the ids are kept for the browser tab's life.

import * as api from "./api.js";
import { byId, el } from "./dom.js";
import { clock, maskedNumber, phoneNumber, title } from "./format.js";
import { isOver, statusMark } from "./timeline.js";

const KEPT = 40;
const STORAGE = "recado.recent";
const LIVE_MS = 500;
const SETTLED_MS = 3_000;
const OTHERS_MS = 2_500;
/** Ids asked for at the same time: a load test on the stack must not become one of this page. */
const ADOPTED_AT_ONCE = 6;
/** Delivered may still become read, and a late receipt may come after an SMS: looked at closely for a while. */
const CLOSE_LOOK_MS = 90_000;

/** Known notifications, newest first, one of them chosen. `onChange()` is called when any changes. */
export class Notifications {
  #entries = [];
  #chosen = null;
  /** Until somebody sends or clicks, the newest one is shown. */
  #byHand = false;
  #adopting = 0;
  #session = null;
  #catalogue = [];
  #missing = new Set();
  #whose = new Map();
  #waiting = new Map();
  #onChange;

  constructor({ onChange }) {
    this.#onChange = onChange;
    byId("recent").addEventListener("click", (event) => {
      const id = event.target.closest("button")?.dataset.id;
      if (id) this.choose(id);
    });
    this.#poll(() => this.#refreshChosen(), () => (this.#isLive(this.chosen) ? LIVE_MS : SETTLED_MS));
    this.#poll(() => this.#refreshOthers(), () => OTHERS_MS);
  }

  /** Takes up what the tab remembers. After a restart of the stack the old ids are unknown and vanish. */
  start(session, catalogue) {
    this.#session = session;
    this.#catalogue = catalogue;
    this.#missing.clear();
    if (this.#entries.length === 0) {
      let remembered = [];
      try {
        remembered = JSON.parse(sessionStorage.getItem(STORAGE) ?? "[]");
      } catch {
        // Storage is refused or holds something else: the list starts empty.
      }
      for (const { id, tenant, to } of remembered) {
        const bank = session.banks.find((one) => one.tenant === tenant);
        if (bank) this.#entries.push({ id, bank, to });
      }
    }
    for (const entry of this.#entries) {
      entry.bank = session.banks.find(({ tenant }) => tenant === entry.bank.tenant) ?? session.banks[0];
      this.#refresh(entry);
    }
  }

  get chosen() {
    return this.#entries.find(({ id }) => id === this.#chosen);
  }

  has(id) {
    return this.#entries.some((entry) => entry.id === id);
  }

  /** The notification that a carrier took over under this id, where this page knows it. */
  carriedAs(providerId) {
    return this.#entries.find(({ data }) => data?.legs?.some((leg) => leg.provider_id === providerId))?.id;
  }

  /** Adds what was just sent and chooses it. */
  sent({ bank, to, notification, replayed }) {
    const known = this.#entries.find(({ id }) => id === notification.id);
    if (known) Object.assign(known, { replayed, to });
    else this.#add({ id: notification.id, bank, to, data: notification, replayed });
    this.choose(notification.id);
  }

  /** Takes up an id seen on a phone or in the log; the bank that knows it is found by asking. */
  async adopt(id, to, bankName) {
    const known = this.#entries.find((entry) => entry.id === id);
    if (known && to && !known.to) {
      known.to = to;
      this.#changed();
    }
    if (known || !this.#session) return;
    // The line that tells whose phone it is may come while the bank is still being found.
    if (to && (this.#missing.has(id) || this.#waiting.has(id))) this.#whose.set(id, to);
    if (this.#missing.has(id)) return;
    if (this.#adopting >= ADOPTED_AT_ONCE) {
      this.#wait(id, to, bankName);
      return;
    }
    this.#missing.add(id);
    this.#adopting += 1;
    try {
      await this.#find(id, to, bankName);
    } finally {
      this.#whose.delete(id);
      this.#adopting -= 1;
    }
    const [next] = [...this.#waiting].at(-1) ?? [];
    if (next === undefined) return;
    const { to: whose, bankName: bank } = this.#waiting.get(next);
    this.#waiting.delete(next);
    this.adopt(next, whose ?? this.#whose.get(next), bank);
  }

  /** The newest are taken up first, and only as many wait as the list can show. */
  #wait(id, to, bankName) {
    if (this.#waiting.has(id)) return;
    this.#waiting.set(id, { to, bankName });
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size <= KEPT) return;
    this.#waiting.delete(oldest);
    this.#whose.delete(oldest);
  }

  async #find(id, to, bankName) {
    const banks = [...this.#session.banks].sort((a, b) => (b.name === bankName) - (a.name === bankName));
    for (const bank of banks) {
      try {
        const data = await api.notification(bank, id);
        if (!this.has(id)) this.#add({ id, bank, to: to ?? this.#whose.get(id), data });
        return;
      } catch (error) {
        if (error instanceof api.Offline) this.#missing.delete(id);
        else if (!(error instanceof api.Problem)) throw error;
      }
    }
  }

  choose(id) {
    if (!this.has(id)) return;
    this.#chosen = id;
    this.#byHand = true;
    this.#changed();
    this.#refresh(this.chosen);
  }

  /** Something happened to it: looks at once. */
  touch(id) {
    const entry = this.#entries.find((one) => one.id === id);
    if (entry && !entry.asking) this.#refresh(entry);
  }

  async cancelChosen() {
    const entry = this.chosen;
    if (!entry) return;
    entry.data = await api.cancel(entry.bank, entry.id);
    this.#changed();
  }

  #add(entry) {
    this.#entries.push(entry);
    this.#entries.sort((a, b) => (b.data?.accepted_at ?? "").localeCompare(a.data?.accepted_at ?? ""));
    this.#entries.length = Math.min(this.#entries.length, KEPT);
    this.#changed();
  }

  #changed() {
    try {
      sessionStorage.setItem(STORAGE, JSON.stringify(this.#entries.map(({ id, bank, to }) => ({ id, tenant: bank.tenant, to }))));
    } catch {
      // Storage is refused: the list lasts as long as the page.
    }
    for (const entry of this.#entries) {
      entry.to ??= this.#onlyNumber(entry.data?.to);
      entry.name = this.#session?.customers.find(({ to }) => to === entry.to)?.name ?? (entry.to ? phoneNumber(entry.to) : undefined);
      const versions = this.#catalogue.filter(({ name }) => name === entry.data?.template);
      entry.template = versions.find(({ version }) => version === entry.data.template_version) ?? versions[0];
    }
    if (!this.#byHand) this.#chosen = this.#entries.find(({ data }) => data)?.id ?? null;
    this.#draw();
    this.#onChange(this.chosen);
  }

  /** The customer's number that is masked like this, if there is one and no other. */
  #onlyNumber(masked) {
    const fitting = this.#session?.customers.filter(({ to }) => maskedNumber(to) === masked) ?? [];
    return fitting.length === 1 ? fitting[0].to : undefined;
  }

  #draw() {
    const shown = this.#entries.filter(({ data }) => data);
    byId("recent-empty").hidden = shown.length > 0;
    const list = byId("recent");
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
    list.replaceChildren(...shown.map(({ id, bank, name, data }) =>
      el("li", {}, el("button", { type: "button", "data-id": id, "aria-current": id === this.#chosen ? "true" : undefined },
        el("span", { class: "recent-what" }, el("strong", { text: title(data.template) }), el("span", { text: `${name ?? data.to} · ${bank.name}` })),
        el("span", { class: "recent-state" }, statusMark(data.status), el("time", { datetime: data.accepted_at, text: clock(data.accepted_at) }))))));
    if (focused) list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
  }

  #isLive(entry) {
    if (!entry?.data) return false;
    return !isOver(entry.data) && Date.now() - Date.parse(entry.data.accepted_at) < CLOSE_LOOK_MS;
  }

  async #refreshChosen() {
    if (this.chosen) await this.#refresh(this.chosen);
  }

  async #refreshOthers() {
    const others = this.#entries.filter((entry) => entry.id !== this.#chosen && this.#isLive(entry)).slice(0, 8);
    await Promise.all(others.map((entry) => this.#refresh(entry)));
  }

  async #refresh(entry) {
    entry.asking = true;
    try {
      const data = await api.notification(entry.bank, entry.id);
      if (JSON.stringify(data) === JSON.stringify(entry.data)) return;
      entry.data = data;
      this.#entries.sort((a, b) => (b.data?.accepted_at ?? "").localeCompare(a.data?.accepted_at ?? ""));
    } catch (error) {
      if (!(error instanceof api.Problem)) {
        if (error instanceof api.Offline) return;
        throw error;
      }
      if (error.status !== 404) return;
      this.#entries = this.#entries.filter(({ id }) => id !== entry.id);
      if (this.#chosen === entry.id) this.#byHand = false;
    } finally {
      entry.asking = false;
    }
    this.#changed();
  }

  #poll(work, pause) {
    const turn = async () => {
      try {
        if (!document.hidden && api.isConnected()) await work();
      } finally {
        setTimeout(turn, pause());
      }
    };
    setTimeout(turn, pause());
  }
}
