"""Checks every response against the service model of botocore.

botocore itself accepts any response: it drops unknown members and does not report missing ones. This
checks the response before botocore parses it.
"""

import base64
import json
import re
from collections import Counter


class Shapes:
    """The operations that were called, and where their responses broke the model."""

    def __init__(self):
        self.operations = Counter()
        self.mistakes = []

    def watch(self, client):
        """Checks every response that this client gets."""
        client.meta.events.register("before-parse.*.*", self._check_response)
        return client

    def _check_response(self, operation_model, response_dict, **_):
        operation, status = operation_model.name, response_dict["status_code"]
        self.operations[operation] += 1
        text = response_dict["body"] or b"{}"
        try:
            body = json.loads(text)
        except ValueError:
            return self._mistake(operation, "the body is not JSON")
        if status < 400:
            expected = operation_model.http["responseCode"]
            if status != expected:
                self._mistake(operation, f"status {status}, not {expected}")
            return self.check(operation_model.output_shape, body, operation)
        name = response_dict["headers"].get("x-amzn-errortype", "")
        errors = {shape.name: shape for shape in operation_model.error_shapes}
        if name not in errors:
            return self._mistake(operation, f"{name or 'an error without a name'} is not modelled")
        expected = errors[name].metadata["error"]["httpStatusCode"]
        if status != expected:
            self._mistake(operation, f"{name} has status {status}, not {expected}")
        return self.check(errors[name], body, f"{operation} {name}")

    def _mistake(self, where, what):
        self.mistakes.append(f"{where}: {what}")

    def check(self, shape, value, where):
        """Records where a value breaks its shape."""
        check = getattr(self, f"_{shape.type_name}", None)
        if check is None:
            self._mistake(where, f"no rule for {shape.type_name}")
        else:
            check(shape, value, where)

    def _structure(self, shape, value, where):
        if not isinstance(value, dict):
            return self._mistake(where, f"{value!r} is not a structure")
        for member in value.keys() - shape.members.keys():
            self._mistake(where, f"{member} is not in {shape.name}")
        for member in set(shape.required_members) - value.keys():
            self._mistake(where, f"{member} is missing in {shape.name}")
        if shape.metadata.get("union") and len(value) != 1:
            self._mistake(where, f"{shape.name} is a union and has {len(value)} members")
        for member, of in shape.members.items():
            if member in value:
                self.check(of, value[member], f"{where}.{member}")
        return None

    def _list(self, shape, value, where):
        self._length(shape, value, where)
        for number, item in enumerate(value):
            self.check(shape.member, item, f"{where}[{number}]")

    def _map(self, shape, value, where):
        self._length(shape, value, where)
        for key, item in value.items():
            self.check(shape.key, key, f"{where}.{key}")
            self.check(shape.value, item, f"{where}.{key}")

    def _string(self, shape, value, where):
        if not isinstance(value, str):
            return self._mistake(where, f"{value!r} is not a string")
        self._length(shape, value, where)
        if shape.enum and value not in shape.enum:
            self._mistake(where, f"{value!r} is not in {shape.name}")
        pattern = shape.metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            self._mistake(where, f"{value!r} does not match {pattern}")
        return None

    def _timestamp(self, _, value, where):
        if not isinstance(value, (int, float)):
            self._mistake(where, f"{value!r} is not a time in seconds")

    def _integer(self, shape, value, where):
        if isinstance(value, bool) or not isinstance(value, int):
            return self._mistake(where, f"{value!r} is not an integer")
        if value < shape.metadata.get("min", float("-inf")):
            self._mistake(where, f"{value} is too small")
        return None

    _long = _integer

    def _blob(self, _, value, where):
        try:
            base64.b64decode(value, validate=True)
        except (TypeError, ValueError):
            self._mistake(where, f"{value!r} is not base64")

    def _boolean(self, _, value, where):
        if not isinstance(value, bool):
            self._mistake(where, f"{value!r} is not a boolean")

    def _length(self, shape, value, where):
        smallest, largest = shape.metadata.get("min", 0), shape.metadata.get("max", float("inf"))
        if not smallest <= len(value) <= largest:
            self._mistake(where, f"a length of {len(value)}, not {smallest} to {largest}")


SHAPES = Shapes()
