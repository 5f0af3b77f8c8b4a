"""The story of a deployment: build, deploy, deliver, update, delete. Ends with 0 only if all of it held.

Run by `infra/deploy-test/run`, which installs what this needs.
"""

import argparse
import datetime
import pathlib
import signal
import sys
import time
import uuid

import adapt
import build
from bank import CLIENT, Bank
from processes import Commands, Emulator, Failed, Meta, eventually
from stack import NAME, Door, Stack

WEBHOOK = "/v1/webhooks/whatsapp"
# The wait of pix_received before its SMS.
WAIT = 30
# What a loaded machine may need for anything that has no wait of its own.
SOON = 60

READS = ("Maria Souza", "+5511987654321")
OFF = ("João Lima", "+5521998765432")
OFF_DURING_UPDATE = ("Ana Castro", "+5531987651234")


class Run:
    """One run: what it started, and how long each step took."""

    def __init__(self, arguments):
        self.root = arguments.root
        self.home = arguments.home
        self.sam_build = arguments.sam_build
        self.build_folder = self.home / "build"
        self.commands = Commands(self.root, self.home, arguments.sam)
        self.begun = time.monotonic()
        self.door = Door()
        self.emulator = None
        self.meta = None
        self.stack = None
        self.bank = None

    # --- telling ---------------------------------------------------------------------------------

    def step(self, what, act):
        """Does something and prints how long it took."""
        begun = time.monotonic()
        answer = act()
        self.fail_for_webhooks()
        print(f"{time.monotonic() - begun:6.1f} s  {what}", flush=True)
        return answer

    def say(self, what):
        """A line below a step."""
        print(f"          {what}", flush=True)

    def fail_for_webhooks(self):
        """Fails if a function did not take a webhook."""
        if self.door.failures:
            raise Failed(f"a webhook was not taken: {self.door.failures[0]}")

    # --- building and deploying ------------------------------------------------------------------

    def start(self):
        """Starts the emulator and the simulated Meta."""
        self.emulator = Emulator(sys.executable.replace("/python", "/ministack"), self.home)
        self.meta = Meta(self.root, self.home, self.door.url(WEBHOOK))

    def parameters(self):
        """What differs from the template's defaults."""
        return {
            "Stage": "dev",
            "Architecture": build.architecture(),
            "WhatsAppUrl": self.meta.ready["whatsapp_url"],
            "JwtAudience": CLIENT,
        }

    def put_secrets(self):
        """Fills the two secrets that the stack created empty."""
        outputs = self.stack.outputs()
        secrets = self.stack.client("secretsmanager")
        for output, text in (
            ("KeysSecretId", self.meta.ready["keys_secret"]),
            ("WhatsAppSecretId", self.meta.ready["whatsapp_secret"]),
        ):
            secrets.put_secret_value(SecretId=outputs[output], SecretString=text)

    def verify_webhook(self):
        """Meta's question when an address is set: the right word gets the challenge, another 403."""
        word = self.meta.ready["webhook"]["verify_token"]
        for token, expected in ((word, (200, "1158201444")), ("another", (403, None))):
            question = f"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}"
            status, _, answer = self.stack.call("GET", f"{WEBHOOK}?{question}")
            if status != expected[0] or (expected[1] and answer != expected[1]):
                raise Failed(f"the webhook's verification answered {status}")

    # --- the story -------------------------------------------------------------------------------

    def grant(self):
        """The customers agree to WhatsApp."""
        for customer in (READS, OFF, OFF_DURING_UPDATE):
            answer = self.bank.consent(customer, "grant")
            states = {each["state"] for each in answer["consents"] if each["channel"] == "whatsapp"}
            if "granted" not in states:
                raise Failed(f"a grant was answered with {states}")

    def read_without_sms(self):
        """A phone that is on: delivered and read by signed webhooks; no SMS; one id for one key."""
        self.meta.phone(READS[1], {"online": True, "on_whatsapp": True, "read_receipts": True})
        key = str(uuid.uuid4())
        first, replayed = self.bank.alert(READS, key)
        again, replayed_again = self.bank.alert(READS, key)
        if first != again or replayed or not replayed_again:
            raise Failed("the same Idempotency-Key did not give the same notification")
        self.bank.ends(first, SOON, status="read")
        return first

    def sms_after_silence(self, customer):
        """A phone that is off; returns the id, once Meta has taken the message over."""
        self.meta.phone(customer[1], {"online": False, "on_whatsapp": True})
        notification, _ = self.bank.alert(customer)
        self.bank.ends(notification, SOON, status="submitted")
        if not self.queued()["FallbackQueue"]:
            raise Failed("no timer waits for a message that Meta has taken over")
        return notification

    def sms(self, customer, notification):
        """The SMS of a phone that is off: once, not before its time."""
        ended = self.bank.ends(notification, WAIT + SOON, status="fallback_sent")
        whatsapp, sms = ended["legs"]
        waited = _moment(sms["submitted_at"]) - _moment(whatsapp["submitted_at"])
        if sms["opened_because"] != "not_delivered_in_time" or waited < WAIT:
            raise Failed(f"the SMS left after {waited:.1f} s because of {sms['opened_because']}")
        texts = [text for number, text in self.emulator.sms() if number == customer[1]]
        if len(texts) != 1 or "Pix" not in texts[0]:
            raise Failed(f"{len(texts)} SMS for one alert")
        return waited

    def revoke_by_word(self):
        """The customer writes SAIR: confirmed once, and the next notice is suppressed."""
        before = len(self.meta.inbox(READS[1]))
        self.meta.reply(READS[1], "SAIR")

        def revoked():
            self.fail_for_webhooks()
            found, _ = self.bank.ask("POST", "/v1/consents/lookup", {"to": READS[1]})
            return [
                each
                for each in found["consents"]
                if (each["channel"], each["purpose"], each["state"])
                == ("whatsapp", "servicing", "revoked")
            ]

        [consent] = eventually("SAIR revokes servicing", SOON, revoked)
        eventually("SAIR is confirmed", SOON, lambda: len(self.meta.inbox(READS[1])) > before)
        params = {"points": "12.480", "tier": "Ouro", "date": "2026-10-31"}
        notice, _ = self.bank.send(READS, "loyalty_status", params)
        self.bank.ends(notice, SOON, status="suppressed", reason="opted_out")
        alert, _ = self.bank.alert(READS)
        self.bank.ends(alert, SOON, status="read")
        return consent["source"]

    def queued(self):
        """Messages in every queue, dead letters included: waiting, delayed or being worked on."""
        queues = self.stack.client("sqs")
        counts = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        found = {}
        for name, (kind, url, _) in self.stack.resources().items():
            if kind == "AWS::SQS::Queue":
                answer = queues.get_queue_attributes(QueueUrl=url, AttributeNames=counts)
                found[name] = sum(int(answer["Attributes"][each]) for each in counts)
        return found

    def queues_are_empty(self):
        """No message is left in any queue; returns how many queues there are."""
        # Guards that were armed before a message was handed over end by themselves.
        eventually("all queues are empty", 6 * SOON, lambda: not any(self.queued().values()))
        return len(self.queued())

    def read_logs(self):
        """No function logged an error, and none a customer's name or number; returns the lines read."""
        lines = self.stack.log_lines()
        if not lines:
            raise Failed("no function has logged anything")
        if any('"level":"ERROR"' in line for line in lines):
            raise Failed("a function logged an error")
        for name, number in (READS, OFF, OFF_DURING_UPDATE):
            if any(name in line or number[1:] in line for line in lines):
                raise Failed("a customer's name or number stands in a log")
        return len(lines)

    # --- updating and deleting -------------------------------------------------------------------

    def update(self, execute):
        """Changes a parameter while a notification waits for its timer; the SMS comes all the same."""
        waiting = self.sms_after_silence(OFF_DURING_UPDATE)
        self.step("change set executed, a notification on its way", execute)
        if self.bank.ask("GET", f"/v1/notifications/{waiting}")[0]["status"] != "submitted":
            raise Failed("the notification had ended before the update did")
        old = [
            name for name, each in self.stack.variables().items() if each["LOG_LEVEL"] != "WARN"
        ]
        if old:
            raise Failed(f"after the update, {old} still run with the old LOG_LEVEL")
        return self.step(
            "its SMS came from the updated functions",
            lambda: self.sms(OFF_DURING_UPDATE, waiting),
        )

    def delete(self):
        """Deletes the stack; returns what stays, which is exactly what the template retains."""
        before = self.stack.resources()
        stack = self.stack.delete()
        retained = {
            name
            for name, resource in self.stack.template["Resources"].items()
            if resource.get("DeletionPolicy", "Delete") != "Delete" and name in before
        }
        kept = self.stack.kept(stack)
        if kept != retained:
            raise Failed(f"the template retains {sorted(retained)}, what stayed is {sorted(kept)}")
        left = self.stack.client("lambda").list_functions()["Functions"]
        left += self.stack.client("sqs").list_queues().get("QueueUrls", [])
        left += self.stack.client("iam").list_roles()["Roles"]
        if left:
            raise Failed(f"the stack is gone and left {left[0]}")
        for name in retained:
            kind, physical, _ = before[name]
            if kind == "AWS::DynamoDB::Table":
                self.stack.client("dynamodb").describe_table(TableName=physical)
            if kind == "AWS::SecretsManager::Secret":
                self.stack.client("secretsmanager").get_secret_value(SecretId=physical)
        return [f"{name} ({before[name][0]})" for name in sorted(retained)]

    def play(self):
        """All of it."""
        how = "sam build" if self.sam_build else "cargo build, dev profile"
        make = build.as_for_aws if self.sam_build else build.for_this_machine
        self.step(
            f"functions built for {build.architecture()} ({how})",
            lambda: make(self.commands, self.root, self.build_folder),
        )
        self.step("ministack and the simulated Meta started", self.start)
        self.stack = Stack(self.root, self.build_folder, self.commands, self.emulator)
        self.door.stack = self.stack
        self.bank = Bank(self.stack, self.meta.ready["banks"][0])
        for difference in [*self.stack.adapt(self.parameters()), *adapt.LIMITS]:
            self.say(f"not as on AWS: {difference}")
        self.step(f"sam deploy of {NAME}", lambda: self.stack.deploy(self.parameters()))
        self.say(
            f"{len(self.stack.resources())} resources; the policies of their roles are enforced"
        )
        self.step(
            "secrets put, bank registered", lambda: (self.put_secrets(), self.bank.register())
        )
        self.step("webhook verified", self.verify_webhook)
        self.step("consents granted", self.grant)
        off = self.step(
            "phone off: accepted, taken over by Meta", lambda: self.sms_after_silence(OFF)
        )
        read = self.step("phone on: delivered and read by signed webhooks", self.read_without_sms)
        self.say("a repeated Idempotency-Key gave the same id")
        source = self.step("SAIR: confirmed, notice suppressed, alert sent", self.revoke_by_word)
        self.say(f"consent revoked by {source}")
        changed = self.parameters() | {"LogLevel": "WARN"}
        execute = self.step("change set prepared by sam deploy", lambda: self.stack.change(changed))
        waited = self.step("phone off: the timer's SMS", lambda: self.sms(OFF, off))
        self.say(f"{waited:.1f} s after Meta took the message over")
        waited = self.update(execute)
        self.say(f"{waited:.1f} s after Meta took the message over")
        if self.bank.ask("GET", f"/v1/notifications/{read}")[0]["status"] != "read":
            raise Failed("what was read is read no more")
        if {number for number, _ in self.emulator.sms()} != {OFF[1], OFF_DURING_UPDATE[1]}:
            raise Failed("an SMS went to somebody whose message had been read")
        count = self.step("queues are empty, dead letters too", self.queues_are_empty)
        self.say(f"{count} queues")
        lines = self.step("logs hold no error, no name, no number", self.read_logs)
        self.say(f"{lines} lines")
        for kept in self.step("sam delete", self.delete):
            self.say(f"kept on purpose: {kept}")
        self.fail_for_webhooks()

    def explain(self):
        """After a failure: what the functions logged about it."""
        print(f"  more in {self.home}: ministack.log, meta.log, commands.log", file=sys.stderr)
        if self.emulator:
            # A function that does not start logs nothing; the emulator does.
            output = self.emulator.log.read_text(encoding="utf-8", errors="replace").splitlines()
            for line in [line for line in output if " ERROR [" in line][-3:]:
                print(f"  ministack: {line[:600]}", file=sys.stderr)
        try:
            lines = [line for line in self.stack.log_lines() if '"level":' in line]
        except Exception:  # noqa: BLE001
            # There is no stack, or nobody answers any more; the failure itself has been told.
            return
        alarming = [line for line in lines if '"level":"ERROR"' in line or '"level":"WARN"' in line]
        for line in (alarming or lines)[-10:]:
            print(f"  logged: {line[:600]}", file=sys.stderr)

    def stop(self):
        """Ends everything that was started."""
        for process in (self.meta, self.emulator):
            if process:
                process.stop()
        self.door.stop()


def _moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def main():
    """Plays the story; the exit code says whether it held."""
    parser = argparse.ArgumentParser(prog="infra/deploy-test/run", description=__doc__)
    parser.add_argument("--sam-build", action="store_true", help="build as for AWS: slow")
    for name in ("root", "home", "sam"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run = Run(arguments)
    try:
        run.play()
    except Failed as failure:
        print(f"\ndeployment test: {failure}", file=sys.stderr)
        run.explain()
        return 1
    finally:
        run.stop()
    print(f"{time.monotonic() - run.begun:6.1f} s  all; the deployment holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
