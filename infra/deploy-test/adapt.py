"""What of the template ministack cannot take, left out of a copy or said in its words.

The template is written for AWS. Every departure of the copy is printed with its reason, so that nobody
mistakes a passed test for more than it is.
"""

from collections import Counter

import yaml

# Types that ministack does not know (it refuses the whole stack for one), with what goes untested.
LEFT_OUT_TYPES = {
    "AWS::CloudWatch::CompositeAlarm": "unknown to ministack; the alarms that it combines are made",
    "AWS::SecretsManager::RotationSchedule": "unknown to ministack; no secret rotates by itself here",
    "AWS::SecretsManager::ResourcePolicy": "unknown to ministack; roles' own policies are enforced",
    "AWS::SNS::TopicInlinePolicy": "unknown to ministack",
    "AWS::ApplicationInsights::Application": "unknown to ministack",
    "AWS::XRay::SamplingRule": "unknown to ministack; nothing is traced here",
    "AWS::XRay::Group": "unknown to ministack; nothing is traced here",
    "AWS::CloudWatch::AnomalyDetector": "unknown to ministack",
}

NO_CODEDEPLOY = (
    "SAM makes AWS::CodeDeploy::* of it, unknown to ministack: the alias moves to the new version at once"
)
SECRET_NAME = "Ref of a secret gives ministack's name of it, AWS's ARN: said as GetAtt Id, the ARN in both"
NUMBER = "ministack keeps a parameter's text here and cannot compare it; CloudFormation makes it a number"
PROVIDER_URL = "ministack's user pool has no attribute ProviderURL: put together from its id"


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


class Adaptation:
    """Changes a template in place and remembers what it changed and why."""

    def __init__(self, template, parameters):
        self.template = template
        self.parameters = parameters
        self.resources = template["Resources"]
        self.changes = Counter()

    def apply(self):
        """Returns lines of `what: why`, each change once."""
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

    def _leave_out(self):
        for name in [n for n, r in self.resources.items() if r["Type"] in LEFT_OUT_TYPES]:
            kind = self.resources.pop(name)["Type"]
            self.changes[f"{kind} left out", LEFT_OUT_TYPES[kind]] += 1
            for resource in self.resources.values():
                wanted = resource.get("DependsOn", [])
                wanted = [wanted] if isinstance(wanted, str) else wanted
                if name in wanted:
                    resource["DependsOn"] = [other for other in wanted if other != name]

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
            issuer = "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${%s}" % value[0]
            return {"Fn::Sub": issuer}
        if name == "Fn::Sub" and isinstance(value, str):
            for secret in secrets:
                if "${%s}" % secret in value:
                    self.changes["Ref of a secret", SECRET_NAME] += 1
                    value = value.replace("${%s}" % secret, "${%s.Id}" % secret)
            return {"Fn::Sub": value}
        return None

    def _parameter(self, name):
        default = self.template["Parameters"][name].get("Default")
        return self.parameters.get(name, default)
