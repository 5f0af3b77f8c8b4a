"""The bank: registered in the store, and a client of the deployed API."""

import datetime
import json
import time
import uuid

from processes import Failed, eventually

CLIENT = "deploy-test-core"
SCOPES = "notifications.write notifications.read consents.write consents.read"


class Bank:
    """A bank as Meta knows it, with a client of its own."""

    def __init__(self, stack, registered):
        self.stack = stack
        self.registered = registered

    def register(self):
        """Registers the bank."""
        bank = self.registered
        owner = {"v": {"N": "1"}, "tn": {"S": bank["tenant"]}}
        config = {
            "v": {"N": "1"},
            "nm": {"S": bank["name"]},
            "pn": {"S": bank["phone_number_id"]},
            "wa": {"S": bank["waba_id"]},
            "ps": {"N": "100"},
            "lo": {"S": "pt_BR"},
            "tz": {"S": "America/Sao_Paulo"},
            "hs": {"S": "24/7"},
            "hm": {"S": "24/7"},
            "hc": {"S": "none"},
            "ho": {"S": ""},
            "oi": {"S": ""},
            "cd": {"S": ""},
        }
        table = self.stack.outputs()["TableName"]
        store = self.stack.client("dynamodb")
        for partition, sort, item in (
            (f"TNT#{bank['tenant']}", "CONFIG", config),
            (f"CLIENT#{CLIENT}", "TENANT", owner),
            (f"NUMBER#{bank['phone_number_id']}", "TENANT", owner),
            (f"WABA#{bank['waba_id']}", "TENANT", owner),
        ):
            item = {"pk": {"S": partition}, "sk": {"S": sort}} | item
            store.put_item(TableName=table, Item=item)

    def ask(self, method, target, body=None, key=None):
        """A request of the bank, with a token of every scope."""
        now = int(time.time())
        token = {
            "client_id": CLIENT,
            "sub": CLIENT,
            "scope": SCOPES,
            "token_use": "access",
            "iat": str(now),
            "exp": str(now + 3600),
        }
        headers = {"Idempotency-Key": key} if key else {}
        status, headers, text = self.stack.call(method, target, headers, body, token)
        if status >= 400:
            raise Failed(f"{method} {target} answered {status}: {text}")
        return json.loads(text), headers

    def consent(self, customer, action):
        """Records what a customer told the bank; returns the answer."""
        body = {
            "to": customer[1],
            "channel": "whatsapp",
            "purposes": ["transactional", "servicing"],
            "action": action,
            "evidence": {
                "source": "app",
                "wording_version": "2026-03",
                "wording": "Quero receber avisos da minha conta pelo WhatsApp",
                "captured_at": _now(),
                "actor": "customer",
            },
        }
        return self.ask("POST", "/v1/consents", body)[0]

    def send(self, customer, template, params, key=None):
        """Hands a notification in; returns (id, was it a replay)."""
        body = {
            "template": template,
            "to": customer[1],
            "params": {"name": customer[0]} | params,
        }
        answer, headers = self.ask("POST", "/v1/notifications", body, key or str(uuid.uuid4()))
        names = {name.lower(): value for name, value in headers.items()}
        return answer["id"], names.get("idempotency-replayed") == "true"

    def alert(self, customer, key=None):
        """A Pix alert."""
        money = {"minor": 20000, "currency": "BRL"}
        balance = {"minor": 150000, "currency": "BRL"}
        params = {"amount": money, "payer": "Banco do Povo", "balance": balance}
        return self.send(customer, "pix_received", params, key)

    def ends(self, notification, limit, **wanted):
        """Waits until a notification has these fields; returns it."""

        found = {}

        def look():
            found.update(self.ask("GET", f"/v1/notifications/{notification}")[0])
            return all(found.get(name) == value for name, value in wanted.items())

        try:
            eventually(f"{notification} is {wanted}", limit, look)
        except Failed as failure:
            raise Failed(f"{failure}; it is {found['status']}: {found['legs']}") from failure
        return found


def _now():
    now = datetime.datetime.now(datetime.timezone.utc)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
