"""What of the template ministack cannot take, left out of a copy or said in its words.

The template is written for AWS. Every departure of the copy is printed with its reason, so that nobody
mistakes a passed test for more than it is.
"""

from collections import Counter

import yaml

# Types that ministack does not know (it refuses the whole stack for one), with what is not tried then.
LEFT_OUT_TYPES = {
    "AWS::SecretsManager::RotationSchedule": "unknown to ministack; no secret rotates by itself here",
}
NO_METRIC_MATH = "ministack has no metric math in alarms (property Metrics); the others are made"
NO_TLS = (
    "ministack is called without TLS here, and such a statement of a resource's policy does deny"
)
NO_CODEDEPLOY = "SAM makes AWS::CodeDeploy::* of it, unknown to ministack: the alias moves to the new version at once"
SECRET_NAME = (
    "Ref of a secret gives ministack's name of it, AWS's ARN: said as GetAtt Id, the ARN in both"
)
NUMBER = "ministack keeps a parameter's text here and cannot compare it; CloudFormation makes it a number"
PROVIDER_URL = "ministack's user pool has no attribute ProviderURL: put together from its id"


# What differs although the template is as it is.
LIMITS = (
    (
        "routes: ministack makes none of a SAM HttpApi; each request is handed to the function that "
        "the template's route names, with the claims that its authorizer would hand on"
    ),
    (
        "policies: enforced for every call of a function, but not dynamodb:LeadingKeys and no key's "
        "policy; event sources read their queues whatever the role may"
    ),
)


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, read as their long ones."""


def _intrinsic(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _intrinsic)


def read(path):
    """A template with every intrinsic function in its long form."""
    return yaml.load(path.read_text(encoding="utf-8"), _Loader)


def write(template, path):
    """The same as YAML without short forms."""
    path.write_text(yaml.safe_dump(template, sort_keys=False, width=100), encoding="utf-8")


def _denies_without_tls(statement):
    condition = statement.get("Condition", {}) if isinstance(statement, dict) else {}
    secure = condition.get("Bool", {}).get("aws:SecureTransport")
    return str(secure).lower() == "false" and statement["Effect"] == "Deny"


class Adaptation:
    """Changes a template in place and remembers what it changed and why."""

    def __init__(self, template, parameters):
        self.template = template
        self.parameters = parameters
        self.resources = template["Resources"]
        self.changes = Counter()

    def apply(self):
        """Returns lines of `what: why`, each change once."""
        self._leave_out_tls(self.resources)
        self._leave_out()
        self._deploy_at_once()
        secrets = {
            name
            for name, resource in self.resources.items()
            if resource["Type"] == "AWS::SecretsManager::Secret"
        }
        self.template["Resources"] = self._in(self.resources, secrets)
        outputs = self.template.get("Outputs", {})
        self.template["Outputs"] = self._in(outputs, secrets)
        return [f"{what} ({count}x): {why}" for (what, why), count in sorted(self.changes.items())]

    def _leave_out_tls(self, node):
        """Takes the statements out that deny whatever comes without TLS."""
        children = node.values() if isinstance(node, dict) else node
        for child in children:
            if isinstance(child, (dict, list)):
                self._leave_out_tls(child)
        if isinstance(node, dict) and isinstance(node.get("Statement"), list):
            kept = [
                statement for statement in node["Statement"] if not _denies_without_tls(statement)
            ]
            if len(kept) != len(node["Statement"]):
                node["Statement"] = kept
                self.changes["Deny without TLS left out", NO_TLS] += 1

    def _leave_out(self):
        for name, resource in list(self.resources.items()):
            kind = resource["Type"]
            if kind in LEFT_OUT_TYPES:
                reason = LEFT_OUT_TYPES[kind]
            elif kind == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]:
                kind, reason = f"{kind} of several metrics", NO_METRIC_MATH
            elif resource.get("Properties", {}).get("PolicyDocument", {}).get("Statement") == []:
                reason = NO_TLS
            else:
                continue
            del self.resources[name]
            self.changes[f"{kind} left out", reason] += 1
            for other in self.resources.values():
                wanted = other.get("DependsOn", [])
                wanted = [wanted] if isinstance(wanted, str) else wanted
                if name in wanted:
                    other["DependsOn"] = [each for each in wanted if each != name]

    def _deploy_at_once(self):
        places = [self.template.get("Globals", {}).get("Function", {})]
        places += [
            resource.get("Properties", {})
            for resource in self.resources.values()
            if resource["Type"] == "AWS::Serverless::Function"
        ]
        for properties in places:
            if properties.pop("DeploymentPreference", None) is not None:
                self.changes["DeploymentPreference left out", NO_CODEDEPLOY] += 1

    def _in(self, node, secrets):
        """The same tree, with what ministack says differently said its way."""
        if isinstance(node, list):
            return [self._in(item, secrets) for item in node]
        if isinstance(node, str):
            return node
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            changed = self._function(*next(iter(node.items())), secrets)
            if changed is not None:
                return changed
        out = {key: self._in(value, secrets) for key, value in node.items()}
        most = node.get("MaximumConcurrency")
        if isinstance(most, dict) and "Ref" in most:
            out["MaximumConcurrency"] = int(self._parameter(most["Ref"]))
            self.changes["MaximumConcurrency as a number", NUMBER] += 1
        return out

    def _function(self, name, value, secrets):
        if name == "Ref" and value in secrets:
            self.changes["Ref of a secret", SECRET_NAME] += 1
            return {"Fn::GetAtt": [value, "Id"]}
        if name == "Fn::GetAtt" and value[1] == "ProviderURL":
            self.changes["GetAtt ProviderURL", PROVIDER_URL] += 1
            issuer = "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/" + f"${{{value[0]}}}"
            return {"Fn::Sub": issuer}
        if name == "Fn::Sub" and isinstance(value, str):
            for secret in secrets:
                if f"${{{secret}}}" in value:
                    self.changes["Ref of a secret", SECRET_NAME] += 1
                    value = value.replace(f"${{{secret}}}", f"${{{secret}.Id}}")
            return {"Fn::Sub": value}
        return None

    def _parameter(self, name):
        default = self.template["Parameters"][name].get("Default")
        return self.parameters.get(name, default)
