"""A CloudFormation template, its rules and its values for given parameters: as much of CloudFormation
as the checks of `.ci/check-template` need."""
import pathlib
import re

import yaml

PSEUDO = {
    "AWS::Partition": "aws", "AWS::Region": "eu-central-1", "AWS::AccountId": "123456789012",
    "AWS::StackName": "countersign", "AWS::NoValue": None,
}


class _Loader(yaml.SafeLoader):
    """Without YAML's dates, which policy versions look like."""
    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _tag(loader, name, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _tag)


class Template:
    def __init__(self, path):
        self.whole = yaml.load(pathlib.Path(path).read_text(), _Loader)
        self.resources = self.whole["Resources"]
        self.parameters = self.whole["Parameters"]

    def of_type(self, kind):
        return {name: it for name, it in self.resources.items() if it["Type"] == kind}

    def with_parameters(self, given):
        values = {name: it.get("Default") for name, it in self.parameters.items()}
        return Deployment(self, {**values, **given})


class Deployment:
    """The template with a value for each parameter; one without a value is a word of its own."""

    def __init__(self, template, values):
        self.template, self.values = template, values

    def exists(self, resource):
        condition = self.template.resources[resource].get("Condition")
        return condition is None or self.holds({"Condition": condition})

    def refused(self):
        """What the failed assertions of the template's rules say."""
        said = []
        for rule in self.template.whole.get("Rules", {}).values():
            if "RuleCondition" not in rule or self.holds(rule["RuleCondition"]):
                said += [it["AssertDescription"] for it in rule["Assertions"] if not self.holds(it["Assert"])]
        return said

    def holds(self, it):
        (function, value), = it.items()
        if function == "Condition":
            return self.holds(self.template.whole["Conditions"][value])
        if function == "Fn::Not":
            return not self.holds(value[0])
        if function == "Fn::And":
            return all(map(self.holds, value))
        if function == "Fn::Or":
            return any(map(self.holds, value))
        left, right = map(self.value, value)
        if function == "Fn::Equals":
            return str(left) == str(right)
        if function == "Fn::Contains":
            return str(right) in map(str, left)
        if function == "Fn::EachMemberIn":
            members = left.split(",") if isinstance(left, str) else left
            return all(member in right for member in members)
        raise ValueError(function)

    def value(self, it):
        if isinstance(it, list):
            return [value for value in map(self.value, it) if value is not None]
        if not isinstance(it, dict):
            return it
        if len(it) == 1 and (next(iter(it)) == "Ref" or next(iter(it)).startswith("Fn::")):
            (function, argument), = it.items()
            return self.function(function, argument)
        return {key: value for key, value in ((key, self.value(one)) for key, one in it.items()) if value is not None}

    def function(self, function, argument):
        if function == "Ref":
            return self.named(argument)
        if function == "Fn::If":
            condition, yes, no = argument
            return self.value(yes if self.holds({"Condition": condition}) else no)
        if function == "Fn::Sub":
            text, own = (argument, {}) if isinstance(argument, str) else argument
            own = {name: self.value(value) for name, value in own.items()}
            return re.sub(r"\$\{([^}]+)\}", lambda it: str(own.get(it[1]) or self.named(it[1])), text)
        argument = self.value(argument)
        if function == "Fn::Split":
            return argument[1].split(argument[0])
        if function == "Fn::Select":
            return argument[1][int(argument[0])]
        if function == "Fn::Join":
            return argument[0].join(map(str, argument[1]))
        if function == "Fn::FindInMap":
            name, first, second = argument
            return self.template.whole["Mappings"][name][str(first)][second]
        return f"{function}({argument})"

    def named(self, name):
        if name in PSEUDO:
            return PSEUDO[name]
        return self.values[name] if self.values.get(name) is not None else f"<{name}>"
