"""outbound-sender's way of a warm, plain job, in Python with boto3: what it is measured against.

See ../README.md for what it does and what it leaves out.
"""

import base64
import http.client
import json
import math
import os
import re
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BATCH = 10
TABLE = os.environ["TABLE_NAME"]
FALLBACK_QUEUE = os.environ["FALLBACK_QUEUE_URL"]
WHATSAPP = os.environ["WHATSAPP_URL"].rstrip("/")


def milliseconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m)", text).groups()
    return int(number) * {"ms": 1, "s": 1_000, "m": 60_000}[unit]


POST_TIMEOUT = milliseconds(os.environ["POST_TIMEOUT"])
RETRY_WINDOW = milliseconds(os.environ["RETRY_WINDOW"])

# Clients are made once: each reads its service's description from disk.
config = Config(
    region_name=os.environ["AWS_REGION"],
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=1,
    read_timeout=2,
    tcp_keepalive=True,
    # A record reads two things at once.
    max_pool_connections=2 * BATCH,
)
dynamodb = boto3.client("dynamodb", config=config)
sqs = boto3.client("sqs", config=config)
secrets_manager = boto3.client("secretsmanager", config=config)
meta = urllib3.PoolManager(
    maxsize=BATCH, retries=False, timeout=urllib3.Timeout(total=POST_TIMEOUT / 1_000, connect=2)
)
# Two pools, so that no record waits for a read that waits for a record's thread.
records = ThreadPoolExecutor(BATCH)
reads = ThreadPoolExecutor(2 * BATCH)


def now():
    return time.time_ns() // 1_000_000


def log(level, message, **fields):
    at = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1e6):06}Z"
    print(json.dumps({"timestamp": stamp, "level": level, "message": message, **fields}), flush=True)


def get(pk, sk):
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    return dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")


def partition(pk, start=None):
    condition, values = "pk = :pk", {":pk": {"S": pk}}
    if start:
        condition, values[":from"] = condition + " AND sk >= :from", {"S": start}
    # One page: no partition read here comes near a megabyte.
    return dynamodb.query(
        TableName=TABLE,
        ConsistentRead=True,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
    )["Items"]


def read_secret(name):
    text = secrets_manager.get_secret_value(SecretId=os.environ[name])["SecretString"]
    return json.loads(text)


def tried(request):
    """Opens a connection ahead of the first job; what comes of it does not matter."""
    try:
        request()
    except (BotoCoreError, ClientError, urllib3.exceptions.HTTPError):
        pass


warm = [
    reads.submit(tried, request)
    for request in (
        lambda: get("PEPPER", "STATE"),
        lambda: meta.request("HEAD", WHATSAPP, timeout=1),
        # Whether it is permitted or not: the connection stands, and boto3's own first call is behind it.
        lambda: sqs.get_queue_attributes(QueueUrl=FALLBACK_QUEUE),
    )
]
tokens = reads.submit(read_secret, "WHATSAPP_SECRET_ID")
keys = {
    name: AESGCM(base64.b64decode(key))
    for name, key in read_secret("KEYS_SECRET_ID")["sealing"]["keys"].items()
}
tokens = tokens.result()["access_tokens"]
wait(warm)

known = {}


def remembered(name, seconds, read):
    value, until = known.get(name, (None, 0))
    if now() >= until:
        value = read()
        known[name] = (value, now() + seconds * 1_000)
    return value


def template_of(tenant, name, version):
    shared = CATALOGUE.get((name, version))
    # A bank's own version never changes; that it has none may.
    life = 30 if shared else math.inf
    own = remembered(
        (tenant, name, version), life, lambda: get(f"TPL#{tenant}#{name}", f"V#{version:010}")
    )
    return json.loads(own["js"]["S"]) if own else shared


with open(os.path.join(os.path.dirname(__file__), "..", "catalogue.json"), encoding="utf-8") as file:
    CATALOGUE = {(one["name"], one["version"]): one for one in json.load(file)}


def shown(value, kind, locale):
    if kind == "person_name":
        return value
    if kind == "money" and locale == "pt_BR" and value["currency"] == "BRL":
        whole, cents = divmod(abs(value["minor"]), 100)
        sign = "-" if value["minor"] < 0 else ""
        return f"{sign}R$\u00a0{whole:,}".replace(",", ".") + f",{cents:02}"
    raise NotImplementedError(f"a value of type {kind} in {locale}")


def rendered(template, locale, params, notification):
    text = template["locales"][locale]["whatsapp"]
    if "{{" in text.get("header", {}).get("text", ""):
        raise NotImplementedError("a header with a value")
    components = []
    names = list(dict.fromkeys(re.findall(r"\{\{(\w+)\}\}", text["body"])))
    if names:
        kinds = template["params"]
        parameters = [
            {
                "type": "text",
                "parameter_name": name,
                "text": shown(params[name], kinds[name]["type"], locale),
            }
            for name in names
        ]
        components.append({"type": "body", "parameters": parameters})
    for index, button in enumerate(template.get("buttons", [])):
        if button["kind"] != "quick_reply":
            raise NotImplementedError(f"a button of kind {button['kind']}")
        payload = {"type": "payload", "payload": f"{notification}:{button['action']}"}
        components.append(
            {"type": "button", "sub_type": "quick_reply", "index": str(index), "parameters": [payload]}
        )
    version = template["version"]
    name = template["name"] if version == 1 else f"{template['name']}_v{version}"
    return {"name": name, "language": {"code": locale}, "components": components}


def granted(consents, purpose):
    action, _, _, end, *_ = consents.get(purpose, {}).get("S", "|||").split("|")
    return action in ("grant", "confirm", "refresh") and (not end or int(end) > now())


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write(notification, condition, update, values, token=None):
    """Whether it was written; a claim of ours whose answer was lost was."""
    try:
        dynamodb.update_item(
            TableName=TABLE,
            Key={"pk": {"S": f"NTF#{notification}"}, "sk": {"S": "STATE"}},
            ConditionExpression=f"attribute_exists(pk) AND {condition}",
            UpdateExpression=update,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return True
    except dynamodb.exceptions.ConditionalCheckFailedException as refused:
        held = refused.response.get("Item", {}).get("l0t", {}).get("S")
        return token is not None and held == token


def lacks(attributes):
    return " AND ".join(f"attribute_not_exists({name})" for name in attributes)


def post(sender, token, body):
    """`accepted`, or `unknown`: then the timer decides, nothing is sent again."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    try:
        answer = meta.request("POST", f"{WHATSAPP}/{sender}/messages", body=body, headers=headers)
        messages = json.loads(answer.data).get("messages") if answer.status == 200 else None
        return "accepted" if messages and messages[0].get("id") else "unknown"
    except (urllib3.exceptions.HTTPError, ValueError):
        return "unknown"


def send(job):
    tenant, notification, attempt = job["t"], job["n"], job["a"]
    item = get(f"NTF#{notification}", "STATE")
    if not item:
        log("WARN", "job without a notification", **{"notification.id": notification})
        return
    text = {name: value["S"] for name, value in item.items() if "S" in value}
    locale, purpose, version = text["lo"], text["cl"], int(item["tv"]["N"])
    people = reads.submit(partition, f"RCP#{tenant}#{text['rc']}", "CONSENT#")
    standing = reads.submit(get, f"TPL#{tenant}#{text['tp']}", f"META#{version:010}#{locale}")
    people = {one["sk"]["S"]: one for one in people.result()}
    standing = standing.result() or {}
    switches = remembered("switches", 30, lambda: partition("SWITCHES"))

    legs = [rung.partition(":") for rung in text["ld"].split(",")]
    undecided = ["cx", "su", "an"] + [f"l{leg}{fact}" for leg in range(len(legs)) for fact in "dr"]
    unclaimed = ["l0t", "l0k", "l0f"] + [f"l{leg}{fact}" for leg in range(1, len(legs)) for fact in "tk"]
    if any(fact in item for fact in undecided + unclaimed) or now() >= int(item["vu"]["N"]):
        return
    scopes = [f"tenant/{tenant}", f"template/{tenant}/{text['tp']}", f"lane/{text['ln']}"]
    off = {one["sw"]["S"] for one in switches if one["st"]["S"] == "off"}
    if any(f"sending/{scope}" in off for scope in scopes):
        raise NotImplementedError("a switch that is off")
    if not granted(people.get("CONSENT#whatsapp", {}), purpose):
        raise NotImplementedError("a recipient without consent")
    if standing.get("rv", {"S": "approved"})["S"] not in ("approved", "flagged") or (
        standing.get("cv", {}).get("S") == "MARKETING" and purpose != "marketing"
    ):
        raise NotImplementedError("a template that Meta does not let out as it is")
    if "dc" in item or "qh" in item:
        raise NotImplementedError("a cap or quiet hours")

    bank = remembered(("bank", tenant), 60, lambda: get(f"TNT#{tenant}", "CONFIG"))

    claimed = now()
    if len(legs) > 1:
        at = claimed + int(legs[1][2] or 0) + 1_000
        timer = {"t": tenant, "n": notification, "leg": 1, "at": at}
        sqs.send_message(
            QueueUrl=FALLBACK_QUEUE,
            MessageBody=compact({"OpenV1": timer}),
            DelaySeconds=min(math.ceil((at - now()) / 1_000), 900),
            MessageGroupId=tenant,
        )

    token = base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
    values = {
        ":now": {"N": str(claimed)},
        ":t": {"S": token},
        ":u": {"N": str(claimed + RETRY_WINDOW + POST_TIMEOUT)},
        ":a": {"N": str(attempt)},
        ":o": {"S": "first"},
    }
    claim = "SET l0t = :t, l0c = :now, l0u = :u, l0a = :a, l0o = :o"
    if user := people.get("PROFILE", {}).get("ud"):
        claim, values[":w"] = claim + ", l0w = :w", user
    free = f"{lacks(undecided)} AND vu > :now AND attribute_exists(sc) AND {lacks(unclaimed)}"
    if not write(notification, free, claim, values, token):
        return

    template = template_of(tenant, text["tp"], version)
    sealed = item["sc"]["M"]
    box = sealed["b"]["B"]
    content = json.loads(keys[sealed["k"]["S"]].decrypt(box[:12], box[12:], f"NTF#{notification}".encode()))
    body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": content["to"],
        "type": "template",
        "template": rendered(template, locale, content["params"], notification),
        "biz_opaque_callback_data": f"{notification}.{attempt}",
    }
    outcome = post(bank["pn"]["S"], tokens[tenant], compact(body).encode())
    log(
        "INFO",
        "posted",
        **{"notification.id": notification, "tenant.id": tenant, "template": text["tp"]},
        leg=0,
        attempt=attempt,
        outcome=outcome,
    )
    told = {":at": {"N": str(now())}}
    last = " REMOVE sc" if len(legs) == 1 else ""
    if outcome == "accepted":
        write(notification, lacks(["l0s"]), f"SET l0s = :at{last}", told)
    else:
        mine = f"l0t = :t AND {lacks(['l0s', 'l0f', 'l0x'])}"
        write(notification, mine, f"SET l0x = :at{last}", told | {":t": {"S": token}})


def failed(record):
    """The record's id if it is to come back."""
    try:
        send(json.loads(record["body"])["SendV1"])
        return None
    except Exception as error:  # noqa: BLE001 – a bad record harms itself alone
        # The kind only: a message may quote what it choked on.
        log("ERROR", "record failed", **{"message.id": record["messageId"]}, error=type(error).__name__)
        return record["messageId"]


def handle(event):
    outcomes = records.map(failed, event["Records"])
    return {"batchItemFailures": [{"itemIdentifier": one} for one in outcomes if one]}


def serve():
    """What AWS's own runtime for Python does around a handler."""
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    base = "/2018-06-01/runtime/invocation"
    while True:
        runtime.request("GET", f"{base}/next")
        invocation = runtime.getresponse()
        payload = invocation.read()
        if invocation.status != 200:
            return
        request = invocation.headers["lambda-runtime-aws-request-id"]
        try:
            path, answer = "response", handle(json.loads(payload))
        except Exception as error:  # noqa: BLE001 – the runtime is told
            path, answer = "error", {"errorType": type(error).__name__, "errorMessage": "invocation failed"}
        runtime.request("POST", f"{base}/{request}/{path}", body=compact(answer).encode())
        runtime.getresponse().read()


if __name__ == "__main__":
    sys.exit(serve())
