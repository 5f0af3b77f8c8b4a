// The page of the local stack: a bank's form, the notification's way, the customer's phone.

import { Activity } from "./activity.js";
import * as api from "./api.js";
import { byId } from "./dom.js";
import { SendForm } from "./form.js";
import { Notifications } from "./notifications.js";
import { Phone } from "./phone.js";
import { Timeline } from "./timeline.js";

/** How often a stack that went away is looked for. */
const LOOK_AGAIN_MS = 1_500;

let loaded = null;
let stream = null;
let shown = null;

const activity = new Activity();
const timeline = new Timeline({ onCancel: cancel });
const notifications = new Notifications({
  onChange(entry) {
    if (entry?.id !== shown) byId("cancel-words").textContent = "";
    shown = entry?.id ?? null;
    timeline.show(entry);
    activity.choose(shown);
  },
});
const form = new SendForm({
  onSent(sent) {
    notifications.sent(sent);
    phone.choose(sent.to);
    goTo("timeline");
  },
  onRecipient: (e164) => phone.choose(e164),
});
const phone = new Phone({
  onChoose: (e164) => form.choose(e164),
  onSeen: (message, e164) => notifications.adopt(message.notification, e164, message.from),
  onArrive: showBadge,
  carriedAs: (id) => notifications.carriedAs(id),
  onAnswer(notification) {
    // The answer goes through the webhook first.
    for (const wait of [800, 2_500]) {
      setTimeout(() => {
        form.refreshConsent();
        if (notification) notifications.touch(notification);
      }, wait);
    }
  },
  async onOpen(message, e164) {
    await notifications.adopt(message.notification, e164, message.from);
    notifications.choose(message.notification);
    goTo("timeline");
  },
});

async function cancel() {
  const words = byId("cancel-words");
  try {
    await notifications.cancelChosen();
    words.textContent = "Cancelled: no further message leaves.";
  } catch (error) {
    words.textContent = error.detail || error.message;
  }
}

/** On a narrow window one part of the page shows at a time. */
function goTo(view) {
  if (document.body.dataset.view !== view) window.scrollTo(0, 0);
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll("[data-goto]")) {
    button.setAttribute("aria-current", String(button.dataset.goto === view));
  }
  showBadge();
}

function showBadge() {
  const badge = byId("phone-badge");
  const hidden = phone.unread === 0 || document.body.dataset.view === "phone";
  badge.hidden = hidden;
  badge.textContent = hidden ? "" : String(phone.unread);
}

/** Loads what the page is made from; a restarted stack has other secrets and has forgotten the old ids. */
async function load() {
  const [session, catalogue] = await Promise.all([api.session(), api.catalogue()]);
  const now = JSON.stringify([session, catalogue]);
  if (now !== loaded) {
    loaded = now;
    api.forgetTokens();
    byId("wait-words").textContent = `${session.wait_seconds ?? 30} seconds`;
    form.start(session, catalogue);
    phone.start(session);
  } else {
    // The same banks and customers, but what was on record may be gone.
    form.refreshConsent({ anew: true });
  }
  notifications.start(session, catalogue);
  listen();
}

function listen() {
  if (stream && stream.readyState !== EventSource.CLOSED) return;
  stream = api.events((line) => {
    activity.add(line);
    if (line.notification) {
      notifications.adopt(line.notification, line.phone);
      notifications.touch(line.notification);
    }
    if (line.phone) phone.touch(line.phone);
  });
}

async function keepLooking() {
  try {
    await load();
  } catch (error) {
    if (!(error instanceof api.Offline) && !(error instanceof api.Problem)) throw error;
    setTimeout(keepLooking, LOOK_AGAIN_MS);
  }
}

let wasConnected = null;
api.watchConnection((connected) => {
  byId("link-state").dataset.state = connected === null ? "waiting" : connected ? "up" : "down";
  byId("link-words").textContent = connected === null ? "Connecting" : connected ? "Connected" : "Not answering";
  byId("offline").hidden = connected !== false;
  document.body.classList.toggle("stack-down", connected === false);
  form.setConnected(connected === true);
  if (connected === false && wasConnected !== false && loaded) setTimeout(keepLooking, LOOK_AGAIN_MS);
  wasConnected = connected;
});

for (const button of document.querySelectorAll("[data-goto]")) {
  button.addEventListener("click", () => goTo(button.dataset.goto));
}
goTo("send");
keepLooking();
