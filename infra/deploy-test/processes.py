"""The processes of a run: the emulator, the simulated Meta, and commands. None outlives the run."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

REGION = "sa-east-1"
# ministack's root user. No other credentials are in any environment made here, so that nothing can
# ever reach an account.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
# The environment is passed on by name: ministack hands its own to every function.
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR")
TOOLCHAIN = (
    "CARGO_HOME",
    "CARGO_TARGET_DIR",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "CARGO_INCREMENTAL",
    "SAM_BUILD_MODE",
)


class Failed(Exception):
    """Something is not as it should be; the text says what."""


def _environment(names, extra):
    return {name: os.environ[name] for name in names if name in os.environ} | extra


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def fetch(url, body=None, method=None):
    """A JSON answer, of an address on this machine; no proxy is asked."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def eventually(what, limit, probe):
    """Asks `probe` until it answers something true, for `limit` seconds at most; returns the answer."""
    ends = time.monotonic() + limit
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > ends:
            raise Failed(f"after {limit} s still not: {what}")
        time.sleep(0.25)


class Process:
    """A process with its children, in a group of its own. Its output goes to a file."""

    def __init__(self, name, command, environment, log, folder):
        self.name = name
        self.log = log
        with open(log, "wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def started(self, limit, probe):
        """Waits until `probe` answers; a process that ended meanwhile is not waited for."""

        def ask():
            if self._process.poll() is not None:
                raise Failed(f"{self.name} ended at once; see {self.log}")
            try:
                return probe()
            except (OSError, ValueError):
                return None

        return eventually(f"{self.name} answers; see {self.log}", limit, ask)

    def stop(self):
        """Ends the whole group: the leader is asked first and ends its own, the rest is not asked."""
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()


class Emulator(Process):
    """ministack, with the policies of every role enforced (`AUTH`)."""

    def __init__(self, command, home):
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        settings = {
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "AUTH": "true",
            # A broker on a fixed port of every interface.
            "IOT_MTLS_ENABLED": "0",
        }
        environment = _environment(PASSED_ON, settings)
        super().__init__("ministack", [command], environment, home / "ministack.log", home)
        self.started(60, lambda: fetch(f"{self.url}/_ministack/health"))

    def sms(self):
        """Every SMS so far: a list of `(number, text)`."""
        by_number = fetch(f"{self.url}/_ministack/sns/sms-messages?region={REGION}")["sms_messages"]
        return [
            (number, message["Message"])
            for number, messages in by_number.items()
            for message in messages
        ]


class Meta(Process):
    """The simulated Meta of the local stack, without the stack; its webhooks go to `callback`."""

    def __init__(self, root, home, callback):
        ready = home / "meta.json"
        ready.unlink(missing_ok=True)
        command = ["cargo", "run", "--quiet", "--locked", "--package", "recado-local", "--"]
        command += ["--only-meta", callback, "--port", "0", "--ready-file", str(ready)]
        environment = _environment(PASSED_ON + TOOLCHAIN, {})
        super().__init__("the simulated Meta", command, environment, home / "meta.log", root)
        # Long, because cargo may have to compile it.
        self.ready = self.started(1800, lambda: json.loads(ready.read_text(encoding="utf-8")))

    def phone(self, number, change):
        """Switches a customer's phone."""
        fetch(f"{self.ready['phones']}/{number}", change, "PUT")

    def inbox(self, number):
        """What has arrived on a customer's phone over WhatsApp."""
        return fetch(f"{self.ready['phones']}/{number}/inbox")

    def reply(self, number, text):
        """The customer writes to the bank."""
        fetch(f"{self.ready['phones']}/{number}/reply", {"text": text}, "POST")


class Commands:
    """Runs commands of the toolchain and of SAM, their output in one file."""

    def __init__(self, root, home, sam):
        self.root = root
        self.log = home / "commands.log"
        self.log.write_bytes(b"")
        path = f"{sam}{os.pathsep}{os.environ.get('PATH', '')}"
        self._settings = {
            "PATH": path,
            "SAM_CLI_TELEMETRY": "0",
            "__SAM_CLI_APP_DIR": str(home / "sam"),
            "AWS_DEFAULT_REGION": REGION,
            # No profile of this machine's user, ever.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        } | CREDENTIALS

    def output(self, *command):
        """What a command prints."""
        environment = _environment(PASSED_ON + TOOLCHAIN, self._settings)
        return subprocess.check_output(command, cwd=self.root, env=environment, text=True)

    def run(self, *command, endpoint=None, limit=3600):
        """Fails with the end of the output if the command does."""
        extra = dict(self._settings)
        if endpoint:
            extra["AWS_ENDPOINT_URL"] = endpoint
        with open(self.log, "ab") as output:
            output.write(f"\n$ {' '.join(command)}\n".encode())
            output.flush()
            process = subprocess.run(
                command,
                cwd=self.root,
                env=_environment(PASSED_ON + TOOLCHAIN, extra),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=limit,
                check=False,
            )
        if process.returncode:
            end = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
            raise Failed(f"{' '.join(command[:2])} failed:\n  " + "\n  ".join(end))
