// outbound-sender's way of a warm, plain job, in JavaScript with AWS's SDK: what it is measured against.
// See ../README.md for what it does and what it leaves out.

import { createDecipheriv, randomBytes } from "node:crypto";
import http from "node:http";
import https from "node:https";

import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";

import catalogue from "../catalogue.json";

const { env } = process;
const TABLE = env.TABLE_NAME;
const FALLBACK_QUEUE = env.FALLBACK_QUEUE_URL;
const WHATSAPP = env.WHATSAPP_URL.replace(/\/+$/, "");
const POST_TIMEOUT = milliseconds(env.POST_TIMEOUT);
const RETRY_WINDOW = milliseconds(env.RETRY_WINDOW);

// One pool of connections for everything.
const httpAgent = new http.Agent({ keepAlive: true });
const httpsAgent = new https.Agent({ keepAlive: true });
const common = {
  region: env.AWS_REGION,
  maxAttempts: 3,
  // Without the provider chain, which also looks for profiles on disk.
  credentials: {
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    sessionToken: env.AWS_SESSION_TOKEN,
  },
  requestHandler: new NodeHttpHandler({
    httpAgent,
    httpsAgent,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
  }),
};
const dynamodb = new DynamoDBClient(common);
const sqs = new SQSClient(common);
const secrets = new SecretsManagerClient(common);

function milliseconds(text) {
  const [, number, unit] = /^(\d+)(ms|s|m)$/.exec(text);
  return Number(number) * { ms: 1, s: 1_000, m: 60_000 }[unit];
}

function log(level, message, fields) {
  const timestamp = new Date().toISOString();
  process.stdout.write(`${JSON.stringify({ timestamp, level, message, ...fields })}\n`);
}

/** One request on a connection that stays open; the whole answer. */
function ask(url, { body, timeout, ...options } = {}) {
  const secure = url.startsWith("https:");
  const agent = secure ? httpsAgent : httpAgent;
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).request(url, { agent, ...options }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }),
      );
    });
    request.on("error", reject);
    if (timeout) request.setTimeout(timeout, () => request.destroy(new Error("timed out")));
    request.end(body);
  });
}

async function get(pk, sk) {
  const Key = { pk: { S: pk }, sk: { S: sk } };
  const answer = await dynamodb.send(
    new GetItemCommand({ TableName: TABLE, Key, ConsistentRead: true }),
  );
  return answer.Item;
}

async function partition(pk, start) {
  // One page: no partition read here comes near a megabyte.
  const answer = await dynamodb.send(
    new QueryCommand({
      TableName: TABLE,
      ConsistentRead: true,
      KeyConditionExpression: start ? "pk = :pk AND sk >= :from" : "pk = :pk",
      ExpressionAttributeValues: start
        ? { ":pk": { S: pk }, ":from": { S: start } }
        : { ":pk": { S: pk } },
    }),
  );
  return answer.Items;
}

async function readSecret(SecretId) {
  const answer = await secrets.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(answer.SecretString);
}

/** Ahead of the first job; what comes of it does not matter. */
function openConnections() {
  const queues = new URL(FALLBACK_QUEUE).origin;
  return Promise.allSettled([
    get("PEPPER", "STATE"),
    ask(queues, { method: "HEAD", timeout: 1_000 }),
    ask(WHATSAPP, { method: "HEAD", timeout: 1_000 }),
  ]);
}

const known = new Map();

async function remembered(name, life, read) {
  const entry = known.get(name);
  if (entry && Date.now() < entry.until) return entry.value;
  const value = await read();
  known.set(name, { value, until: Date.now() + life });
  return value;
}

async function templateOf(tenant, name, version) {
  const shared = catalogue.find((one) => one.name === name && one.version === version);
  // A bank's own version never changes; that it has none may.
  const life = shared ? 30_000 : Infinity;
  const key = `V#${String(version).padStart(10, "0")}`;
  const own = await remembered(`template/${tenant}/${name}/${version}`, life, async () => {
    const item = await get(`TPL#${tenant}#${name}`, key);
    return item && JSON.parse(item.js.S);
  });
  return own ?? shared;
}

function shown(value, kind, locale) {
  if (kind === "person_name") return value;
  if (kind === "money" && locale === "pt_BR" && value.currency === "BRL") {
    const minor = Math.abs(value.minor);
    const whole = String(Math.floor(minor / 100)).replace(/\B(?=(\d{3})+$)/g, ".");
    const cents = String(minor % 100).padStart(2, "0");
    return `${value.minor < 0 ? "-" : ""}R$\u00a0${whole},${cents}`;
  }
  throw new Error("NotImplemented: a value of another type or language");
}

function rendered(template, locale, params, notification) {
  const text = template.locales[locale].whatsapp;
  if (text.header?.text?.includes("{{")) throw new Error("NotImplemented: a header with a value");
  const components = [];
  const names = [...new Set(Array.from(text.body.matchAll(/\{\{(\w+)\}\}/g), ([, name]) => name))];
  if (names.length > 0) {
    const parameters = names.map((name) => ({
      type: "text",
      parameter_name: name,
      text: shown(params[name], template.params[name].type, locale),
    }));
    components.push({ type: "body", parameters });
  }
  for (const [index, button] of (template.buttons ?? []).entries()) {
    if (button.kind !== "quick_reply") throw new Error("NotImplemented: a button of another kind");
    const payload = { type: "payload", payload: `${notification}:${button.action}` };
    components.push({
      type: "button",
      sub_type: "quick_reply",
      index: String(index),
      parameters: [payload],
    });
  }
  const name = template.version === 1 ? template.name : `${template.name}_v${template.version}`;
  return { name, language: { code: locale }, components };
}

function granted(consents, purpose) {
  const [action, , , end] = (consents?.[purpose]?.S ?? "").split("|");
  return ["grant", "confirm", "refresh"].includes(action) && (!end || Number(end) > Date.now());
}

const lacks = (attributes) =>
  attributes.map((name) => `attribute_not_exists(${name})`).join(" AND ");

/** Whether it was written; a claim of ours whose answer was lost was. */
async function write(notification, condition, update, values, token) {
  try {
    await dynamodb.send(
      new UpdateItemCommand({
        TableName: TABLE,
        Key: { pk: { S: `NTF#${notification}` }, sk: { S: "STATE" } },
        ConditionExpression: `attribute_exists(pk) AND ${condition}`,
        UpdateExpression: update,
        ExpressionAttributeValues: values,
        ReturnValues: "ALL_NEW",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return token !== undefined && error.Item?.l0t?.S === token;
  }
}

function base32(bytes) {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const digit = (five) => "abcdefghijklmnopqrstuvwxyz234567"[parseInt(five.padEnd(5, "0"), 2)];
  return bits.match(/.{1,5}/g).map(digit).join("");
}

function open(key, sealed, associated) {
  const box = Buffer.from(sealed);
  const decipher = createDecipheriv("aes-256-gcm", key, box.subarray(0, 12));
  decipher.setAAD(Buffer.from(associated));
  decipher.setAuthTag(box.subarray(-16));
  const plain = [decipher.update(box.subarray(12, -16)), decipher.final()];
  return JSON.parse(Buffer.concat(plain).toString());
}

/** `accepted`, or `unknown`: then the timer decides, nothing is sent again. */
async function post(sender, token, message) {
  const body = Buffer.from(JSON.stringify(message));
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "content-length": body.length,
  };
  try {
    const options = { method: "POST", headers, body, timeout: POST_TIMEOUT };
    const answer = await ask(`${WHATSAPP}/${sender}/messages`, options);
    const accepted = answer.status === 200 && JSON.parse(answer.body).messages?.[0]?.id;
    return accepted ? "accepted" : "unknown";
  } catch {
    return "unknown";
  }
}

const warm = openConnections();
const [keysSecret, whatsappSecret] = await Promise.all([
  readSecret(env.KEYS_SECRET_ID),
  readSecret(env.WHATSAPP_SECRET_ID),
]);
const keys = Object.fromEntries(
  Object.entries(keysSecret.sealing.keys).map(([id, key]) => [id, Buffer.from(key, "base64")]),
);
const tokens = whatsappSecret.access_tokens;
await warm;

async function send({ t: tenant, n: notification, a: attempt }) {
  const item = await get(`NTF#${notification}`, "STATE");
  if (!item) {
    log("WARN", "job without a notification", { "notification.id": notification });
    return;
  }
  const [locale, purpose, name] = [item.lo.S, item.cl.S, item.tp.S];
  const version = Number(item.tv.N);
  const [partitionItems, standing] = await Promise.all([
    partition(`RCP#${tenant}#${item.rc.S}`, "CONSENT#"),
    get(`TPL#${tenant}#${name}`, `META#${item.tv.N.padStart(10, "0")}#${locale}`),
  ]);
  const people = Object.fromEntries(partitionItems.map((one) => [one.sk.S, one]));
  const switches = await remembered("switches", 30_000, () => partition("SWITCHES"));

  const legs = item.ld.S.split(",").map((rung) => Number(rung.split(":")[1] ?? 0));
  const undecided = ["cx", "su", "an", ...legs.flatMap((_, leg) => [`l${leg}d`, `l${leg}r`])];
  const later = legs.slice(1).flatMap((_, leg) => [`l${leg + 1}t`, `l${leg + 1}k`]);
  const unclaimed = ["l0t", "l0k", "l0f", ...later];
  if ([...undecided, ...unclaimed].some((fact) => fact in item)) return;
  if (Date.now() >= Number(item.vu.N)) return;
  const scopes = [`tenant/${tenant}`, `template/${tenant}/${name}`, `lane/${item.ln.S}`];
  const off = new Set(switches.filter((one) => one.st.S === "off").map((one) => one.sw.S));
  if (scopes.some((scope) => off.has(`sending/${scope}`))) {
    throw new Error("NotImplemented: a switch that is off");
  }
  if (!granted(people["CONSENT#whatsapp"], purpose)) {
    throw new Error("NotImplemented: a recipient without consent");
  }
  const let_out = ["approved", "flagged"].includes(standing?.rv?.S ?? "approved");
  if (!let_out || (standing?.cv?.S === "MARKETING" && purpose !== "marketing")) {
    throw new Error("NotImplemented: a template that Meta does not let out as it is");
  }
  if (item.dc || item.qh) throw new Error("NotImplemented: a cap or quiet hours");

  const bank = await remembered(`bank/${tenant}`, 60_000, () => get(`TNT#${tenant}`, "CONFIG"));

  const claimed = Date.now();
  if (legs.length > 1) {
    const at = claimed + legs[1] + 1_000;
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: FALLBACK_QUEUE,
        MessageBody: JSON.stringify({ OpenV1: { t: tenant, n: notification, leg: 1, at } }),
        DelaySeconds: Math.min(Math.ceil((at - Date.now()) / 1_000), 900),
        MessageGroupId: tenant,
      }),
    );
  }

  const token = base32(randomBytes(16));
  const values = {
    ":now": { N: String(claimed) },
    ":t": { S: token },
    ":u": { N: String(claimed + RETRY_WINDOW + POST_TIMEOUT) },
    ":a": { N: String(attempt) },
    ":o": { S: "first" },
  };
  let claim = "SET l0t = :t, l0c = :now, l0u = :u, l0a = :a, l0o = :o";
  if (people.PROFILE?.ud) {
    claim += ", l0w = :w";
    values[":w"] = people.PROFILE.ud;
  }
  const free = `${lacks(undecided)} AND vu > :now AND attribute_exists(sc) AND ${lacks(unclaimed)}`;
  if (!(await write(notification, free, claim, values, token))) return;

  const template = await templateOf(tenant, name, version);
  const sealed = item.sc.M;
  const content = open(keys[sealed.k.S], sealed.b.B, `NTF#${notification}`);
  const outcome = await post(bank.pn.S, tokens[tenant], {
    messaging_product: "whatsapp",
    recipient_type: "individual",
    to: content.to,
    type: "template",
    template: rendered(template, locale, content.params, notification),
    biz_opaque_callback_data: `${notification}.${attempt}`,
  });
  log("INFO", "posted", {
    "notification.id": notification,
    "tenant.id": tenant,
    template: name,
    leg: 0,
    attempt,
    outcome,
  });
  const at = { ":at": { N: String(Date.now()) } };
  const last = legs.length === 1 ? " REMOVE sc" : "";
  if (outcome === "accepted") {
    await write(notification, lacks(["l0s"]), `SET l0s = :at${last}`, at);
  } else {
    const mine = `l0t = :t AND ${lacks(["l0s", "l0f", "l0x"])}`;
    await write(notification, mine, `SET l0x = :at${last}`, { ...at, ":t": { S: token } });
  }
}

async function handle(event) {
  const outcomes = await Promise.allSettled(
    event.Records.map(async (record) => send(JSON.parse(record.body).SendV1)),
  );
  const batchItemFailures = [];
  for (const [index, { reason }] of outcomes.entries()) {
    if (reason === undefined) continue;
    const itemIdentifier = event.Records[index].messageId;
    // The kind only: a message may quote what it choked on.
    log("ERROR", "record failed", { "message.id": itemIdentifier, error: reason.name });
    batchItemFailures.push({ itemIdentifier });
  }
  return { batchItemFailures };
}

// What AWS's own runtime for Node.js does around a handler.
const base = `http://${env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
for (;;) {
  const invocation = await ask(`${base}/next`);
  if (invocation.status !== 200) break;
  const request = invocation.headers["lambda-runtime-aws-request-id"];
  let path = "response";
  let answer;
  try {
    answer = await handle(JSON.parse(invocation.body));
  } catch (error) {
    path = "error";
    answer = { errorType: error.name, errorMessage: "invocation failed" };
  }
  const body = Buffer.from(JSON.stringify(answer));
  await ask(`${base}/${request}/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": body.length },
    body,
  });
}
process.exit(0);
