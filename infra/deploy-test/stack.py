"""The deployed stack: made, called, changed and deleted through AWS's own interfaces."""

import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from botocore.exceptions import ClientError

import adapt
from processes import CREDENTIALS, REGION, Failed

NAME = "recado-deploy-test"
FUNCTION = "AWS::Serverless::Function"
# The longest that API Gateway waits for a function.
ROUTE_LIMIT = 30


class Route:
    """A method and path of one of the APIs, and whom it calls."""

    def __init__(self, function, event):
        self.function = function
        self.key = f"{event['Method'].upper()} {event['Path']}"
        self.scopes = event.get("Auth", {}).get("AuthorizationScopes")

    def parameters(self, method, path):
        """The path's parameters, or `None` if this is another route's request."""
        wanted_method, wanted = self.key.split(" ", 1)
        wanted, given = wanted.split("/"), path.split("/")
        if method != wanted_method or len(wanted) != len(given):
            return None
        found = {}
        for name, value in zip(wanted, given):
            if name.startswith("{"):
                found[name.strip("{}")] = urllib.parse.unquote(value)
            elif name != value:
                return None
        return found


class Stack:
    """The stack of one run."""

    def __init__(self, root, build, commands, emulator):
        self.root = root
        self.build = build
        self.commands = commands
        self.endpoint = emulator.url
        self.template = None
        self.routes = []
        self.aliases = {}

    def client(self, service):
        """A client of the emulator's root user."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def adapt(self, parameters):
        """Writes the copy that is deployed; returns what it changes and why."""
        self.template = adapt.read(self.build / "template.yaml")
        changes = adapt.Adaptation(self.template, parameters).apply()
        adapt.write(self.template, self.build / "adapted.yaml")
        globals_ = self.template.get("Globals", {}).get("Function", {})
        for name, resource in self.template["Resources"].items():
            if resource["Type"] != FUNCTION:
                continue
            properties = resource["Properties"]
            alias = properties.get("AutoPublishAlias", globals_.get("AutoPublishAlias"))
            self.aliases[name] = alias
            for event in properties.get("Events", {}).values():
                if event["Type"] == "HttpApi":
                    self.routes.append(Route(name, event["Properties"]))
        return changes

    def deploy(self, parameters, *options):
        """`sam deploy` of the copy, with the settings of `samconfig.toml`."""
        pairs = [f"{name}={value}" for name, value in parameters.items()]
        try:
            self.commands.run(
                "sam", "deploy",
                "--config-file", str(self.root / "samconfig.toml"),
                "--template-file", str(self.build / "adapted.yaml"),
                "--stack-name", NAME,
                "--no-confirm-changeset",
                "--no-progressbar",
                *options,
                "--parameter-overrides", *pairs,
                endpoint=self.endpoint,
            )  # fmt: skip
        except Failed as failure:
            raise Failed(f"{failure}\n{self._reasons()}") from failure

    def _reasons(self):
        """What CloudFormation says of the resources that failed."""
        try:
            answer = self.client("cloudformation").describe_stack_events(StackName=NAME)
        except ClientError:
            return "(there is no stack)"
        return "\n".join(
            f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in answer["StackEvents"]
            if event["ResourceStatus"].endswith("_FAILED")
        )

    def change(self, parameters):
        """Prepares a change of parameters by `sam deploy`; returns how to carry it out.

        SAM publishes a version only where a function's own text changes and sees no parameter's value
        (aws/serverless-application-model#3820). So the description changes along, as whoever changes a
        parameter has to make it.
        """
        common = self.template.get("Globals", {}).get("Function", {}).get("Description", "")
        for name, alias in self.aliases.items():
            if alias:
                properties = self.template["Resources"][name]["Properties"]
                properties["Description"] = f"{properties.get('Description', common)}, changed"
        adapt.write(self.template, self.build / "adapted.yaml")
        self.deploy(parameters, "--no-execute-changeset")
        stacks = self.client("cloudformation")
        sets = stacks.list_change_sets(StackName=NAME)["Summaries"]
        [waiting] = [each for each in sets if each["ExecutionStatus"] == "AVAILABLE"]

        def execute():
            stacks.execute_change_set(StackName=NAME, ChangeSetName=waiting["ChangeSetName"])
            stacks.get_waiter("stack_update_complete").wait(
                StackName=NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
            )

        return execute

    def outputs(self):
        """The stack's outputs by name."""
        [stack] = self.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def resources(self):
        """Every resource: logical id to (type, physical id, status)."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            each["LogicalResourceId"]: (
                each["ResourceType"],
                each.get("PhysicalResourceId", ""),
                each["ResourceStatus"],
            )
            for page in pages.paginate(StackName=NAME)
            for each in page["StackResourceSummaries"]
        }

    def kept(self, stack):
        """What the deletion of a stack left, by its id: the logical ids that it skipped.

        Not the versions that SAM publishes: they are skipped as well, and go with their function.
        """
        pages = self.client("cloudformation").get_paginator("describe_stack_events")
        return {
            event["LogicalResourceId"]
            for page in pages.paginate(StackName=stack)
            for event in page["StackEvents"]
            if event["ResourceStatus"] == "DELETE_SKIPPED"
            and event["ResourceType"] != "AWS::Lambda::Version"
        }

    def call(self, method, target, headers=None, body=None, token=None):
        """A request as API Gateway hands it to the route's function; returns (status, headers, body).

        Stands in for the routes, which ministack does not make of a SAM HttpApi, and for their
        authorizer: `token` is the claims of a valid token, and the route's scopes are asked for.
        """
        path, _, query = target.partition("?")
        for route in self.routes:
            parameters = route.parameters(method, path)
            if parameters is not None:
                break
        else:
            raise Failed(f"no route of the template answers {method} {path}")
        context = {
            "accountId": "000000000000",
            "apiId": "deploytest",
            "domainName": "127.0.0.1",
            "domainPrefix": "127",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "deploy-test",
            },
            "requestId": f"deploy-test-{time.monotonic_ns()}",
            "routeKey": route.key,
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
            "timeEpoch": time.time_ns() // 1_000_000,
        }
        if route.scopes is not None:
            held = [
                scope for scope in route.scopes if scope in (token or {}).get("scope", "").split()
            ]
            if not held:
                raise Failed(f"{route.key} asks for one of {route.scopes}; the token has none")
            context["authorizer"] = {"jwt": {"claims": token, "scopes": held}}
        event = {
            "version": "2.0",
            "routeKey": route.key,
            "rawPath": path,
            "rawQueryString": query,
            "headers": {name.lower(): value for name, value in (headers or {}).items()},
            "requestContext": context,
            "isBase64Encoded": False,
        }
        if query:
            event["queryStringParameters"] = dict(urllib.parse.parse_qsl(query))
        if parameters:
            event["pathParameters"] = parameters
        if body is not None:
            event["headers"].setdefault("content-type", "application/json")
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        answer = self._invoke(route.function, event)
        return answer["statusCode"], answer.get("headers", {}), answer.get("body", "")

    def _invoke(self, function, event):
        answer = self.client("lambda").invoke(
            Payload=json.dumps(event).encode(), **self._function(function)
        )
        payload = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise Failed(f"{function} failed: {json.dumps(payload)[:2000]}")
        return payload

    def variables(self):
        """The environment of each function, as its event sources and routes see it."""
        functions = self.client("lambda")
        return {
            name: functions.get_function_configuration(**self._function(name))["Environment"][
                "Variables"
            ]
            for name in self.aliases
            if name in self.resources()
        }

    def _function(self, name):
        """A function as its callers name it: by its alias, where it has one."""
        alias = {"Qualifier": self.aliases[name]} if self.aliases[name] else {}
        return {"FunctionName": self.resources()[name][1]} | alias

    def log_lines(self):
        """What the functions have logged, as they wrote it."""
        logs = self.client("logs")
        groups = [
            physical
            for kind, physical, _ in self.resources().values()
            if kind == "AWS::Logs::LogGroup"
        ]
        lines = [
            event["message"]
            for group in groups
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            for event in page["events"]
        ]
        # The rest is the platform's: START, END, REPORT.
        return [line for line in lines if line.startswith("{")]

    def delete(self):
        """`sam delete`; returns the stack's id, by which it can still be asked about."""
        [stack] = self.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
        self.commands.run(
            "sam", "delete", "--stack-name", NAME, "--region", REGION, "--no-prompts",
            endpoint=self.endpoint,
        )  # fmt: skip
        return stack["StackId"]


class Door:
    """An address for Meta's webhooks: each request goes to its route's function."""

    def __init__(self):
        self.stack = None
        self.failures = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            timeout = ROUTE_LIMIT

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                try:
                    if door.stack is None:
                        raise Failed("a webhook came before the stack was there")
                    status, _, answer = door.stack.call("POST", self.path, dict(self.headers), body)
                except Exception as failure:  # noqa: BLE001
                    # Kept for the story, which fails of it; Meta only learns that it failed.
                    door.failures.append(str(failure))
                    status, answer = 500, ""
                self.send_response(status)
                self.send_header("content-length", str(len(answer.encode())))
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path):
        """The address of a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def stop(self):
        """Takes no more requests."""
        self._server.shutdown()
        self._server.server_close()
