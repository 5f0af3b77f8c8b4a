// Talks to the stack: the product's API as a bank would, and the simulation around it.

/** The stack did not answer at all. */
export class Offline extends Error {}

/** The stack refused: an RFC 9457 problem, or the gateway's own `{"message": …}`. */
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.title ?? body.message ?? (typeof body.error === "string" ? body.error : undefined) ?? `The stack answered ${status}`);
    this.status = status;
    this.detail = body.detail ?? "";
    this.errors = Array.isArray(body.errors) ? body.errors : [];
    this.retryAfter = retryAfter;
  }
}

/** API Gateway gives up after 30 s; a little more, so that its answer is seen. */
const API_TIMEOUT_MS = 32_000;
const SIM_TIMEOUT_MS = 8_000;
/** A token is renewed this long before it ends. */
const TOKEN_MARGIN_MS = 30_000;

const tokens = new Map();
const watchers = new Set();
let connected = null;

/** Calls `listener(connected)` now and whenever the stack appears or disappears; null is "not known yet". */
export function watchConnection(listener) {
  watchers.add(listener);
  listener(connected);
}

export const isConnected = () => connected === true;

function setConnected(value) {
  if (connected === value) return;
  connected = value;
  for (const watcher of watchers) watcher(value);
}

async function ask(path, options, timeout) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options, signal: AbortSignal.timeout(timeout) });
  } catch (error) {
    // A slow answer is not a stopped stack: only a refused or broken connection is.
    if (error.name !== "TimeoutError") setConnected(false);
    throw new Offline(error.name === "TimeoutError" ? "The stack took too long to answer." : "The stack is not answering.");
  }
  setConnected(true);
  const text = await response.text().catch(() => "");
  let body = {};
  try {
    body = text === "" ? {} : JSON.parse(text);
  } catch {
    body = { title: `The stack answered ${response.status} with something that is not JSON` };
    if (response.ok) throw new Problem(response.status, body);
  }
  if (!response.ok) throw new Problem(response.status, body ?? {}, response.headers.get("retry-after"));
  return { body, headers: response.headers, status: response.status };
}

const json = (method, body) => ({
  method,
  headers: { "content-type": "application/json" },
  body: body === undefined ? undefined : JSON.stringify(body),
});

/** The simulation's endpoints, under `/sim`. Paths are built from checked parts by the functions below. */
const sim = (path, method = "GET", body = undefined) =>
  ask(`/sim${path}`, method === "GET" ? {} : json(method, body), SIM_TIMEOUT_MS).then((answer) => answer.body);

export const session = () => sim("/session");
export const catalogue = () => sim("/catalogue");
export const phone = (e164) => sim(`/phones/${e164}`);
export const setPhone = (e164, change) => sim(`/phones/${e164}`, "PUT", change);

/** What has reached a phone; a sender is its name or, where it has none, its number. */
export async function inbox(e164) {
  const arrivals = await sim(`/phones/${e164}/inbox`);
  return arrivals.map((arrival) => ({
    ...arrival,
    from: typeof arrival.from === "object" ? arrival.from?.name ?? arrival.from?.number : arrival.from,
    buttons: (arrival.buttons ?? []).map((button) => ({ ...button, type: button.type ?? button.kind })),
  }));
}

/** The customer answers with `{ text }` or `{ button }`, to `phone_number_id` where it is given. */
export const reply = (e164, message) => sim(`/phones/${e164}/reply`, "POST", message);

/** What an E.164 number is, so that nothing else reaches a path. */
export const isE164 = (text) => /^\+[1-9]\d{6,14}$/.test(text);

/** Forgets the tokens: after a restart the clients' secrets may be others. */
export const forgetTokens = () => tokens.clear();

async function token(bank) {
  const known = tokens.get(bank.tenant);
  if (known && known.until > Date.now()) return known.value;
  const { body } = await ask("/oauth2/token", {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${bank.client_id}:${bank.client_secret}`)}`, "content-type": "application/x-www-form-urlencoded" },
    body: "grant_type=client_credentials",
  }, SIM_TIMEOUT_MS);
  tokens.set(bank.tenant, { value: body.access_token, until: Date.now() + body.expires_in * 1000 - TOKEN_MARGIN_MS });
  return body.access_token;
}

async function v1(bank, path, options = {}) {
  const attempt = async () =>
    ask(`/v1${path}`, { ...options, headers: { ...options.headers, authorization: `Bearer ${await token(bank)}` } }, API_TIMEOUT_MS);
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401 || !tokens.delete(bank.tenant)) throw error;
    return attempt();
  }
}

/** Sends a notification; `replayed` says that this key had been used before with the same content. */
export async function send(bank, request, key) {
  const options = json("POST", request);
  options.headers["idempotency-key"] = key;
  const { body, headers } = await v1(bank, "/notifications", options);
  return { notification: body, replayed: headers.get("idempotency-replayed") === "true" };
}

export const notification = (bank, id) => v1(bank, `/notifications/${encodeURIComponent(id)}`).then((answer) => answer.body);

export const cancel = (bank, id) =>
  v1(bank, `/notifications/${encodeURIComponent(id)}/cancel`, { method: "POST" }).then((answer) => answer.body);

/** The consents on record for a number; an unknown recipient has none. */
export async function consents(bank, to) {
  try {
    const { body } = await v1(bank, "/consents/lookup", json("POST", { to }));
    return body.consents ?? [];
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return [];
    throw error;
  }
}

/** Records that the customer agreed (`grant`) to WhatsApp messages for one purpose, or no longer does (`revoke`). */
export const recordConsent = (bank, to, purpose, action, wording) =>
  v1(bank, "/consents", json("POST", {
    to,
    channel: "whatsapp",
    purposes: [purpose],
    action,
    evidence: { source: "app", wording_version: "local-1", wording, captured_at: new Date().toISOString(), actor: "customer" },
  })).then((answer) => answer.body);

/** Lines of what happens in the stack; the browser reconnects by itself. */
export function events(listener) {
  const source = new EventSource("/sim/events");
  source.addEventListener("message", (event) => {
    try {
      listener(JSON.parse(event.data));
    } catch {
      // A line that is not JSON (a comment to keep the connection open) carries nothing to show.
    }
  });
  return source;
}
