"""The scripted model against botocore's service model of Amazon Bedrock's runtime.

Every event that it streams fits its shape, and every request that breaks a rule of the service model is
refused, so that what passes here would not be refused there for its form.
"""

import atexit
import copy
import json
import os
import re
import subprocess
import unittest
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import boto3
import botocore.session
from botocore.eventstream import EventStreamBuffer
from shapes import Shapes
from stand_in import REGION

MODEL = "anthropic.claude-sonnet-4-20250514-v1:0"
CONVERSE = botocore.session.get_session().get_service_model("bedrock-runtime").operation_model("ConverseStream")
EVENTS = CONVERSE.output_shape.members["stream"].members

# What the script reacts to, and what it does then (`habits.rs` and `thinking.rs` in `local/bedrock/src`).
MESSAGES = [
    "Hello",
    "Which repositories do I have?",
    "Which repositories do I have? (stops with end_turn)",
    "Which repositories do I have? (writes two objects)",
    "Which repositories do I have? (breaks off)",
    "create an issue in octo-alice/garden: Water",
    "Which repositories do I have? (thinks)",
    "Which repositories do I have? (thinks silently)",
    "Which repositories do I have? (thinks in secret)",
    "Which repositories do I have? (thinks aloud)",
    "Hello (only thinks)",
    "Hello (says nothing)",
    "break the stream",
]
# What the model thinks first in a turn (`thoughts` in `thinking.rs`), as it has to come back.
THOUGHT = {"text": "the user must never read this thought", "signature": "c2lnbmF0dXJl+/0=="}
TOOLS = [
    {
        "toolSpec": {
            "name": name,
            "description": "A tool.",
            "inputSchema": {"json": {"type": "object", "properties": {}}},
        }
    }
    for name in ("github_list_repositories", "github_create_issue")
]
# It has a part of each kind that the services send.
WHOLE = {
    "system": [{"text": "You are an assistant."}],
    "messages": [
        {"role": "user", "content": [{"text": "Which repositories do I have? (thinks)"}]},
        {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": THOUGHT}},
                {"text": "Let me look."},
                {"toolUse": {"toolUseId": "a", "name": "github_list_repositories", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "a", "content": [{"text": "none"}], "status": "success"}}],
        },
    ],
    "toolConfig": {"tools": TOOLS},
    "inferenceConfig": {"maxTokens": 4096},
}


def start():
    """Starts the scripted model. Returns its address."""
    program = subprocess.Popen([os.environ["SCRIPTED_MODEL"]], stdout=subprocess.PIPE, text=True)
    atexit.register(program.wait)
    atexit.register(program.terminate)
    return program.stdout.readline().strip()


ADDRESS = start()
OPENER = build_opener(ProxyHandler({}))


def converse(request):
    """Returns status, name of the error, and body."""
    body = json.dumps(request).encode()
    headers = {"content-type": "application/json"}
    address = f"{ADDRESS}/model/{MODEL}/converse-stream"
    try:
        with OPENER.open(Request(address, data=body, headers=headers)) as answer:
            return answer.status, None, answer.read()
    except HTTPError as error:
        return error.code, error.headers.get("x-amzn-errortype"), error.read()


def asking(text):
    """A request with one message."""
    return {"messages": [{"role": "user", "content": [{"text": text}]}], "toolConfig": {"tools": TOOLS}}


def broken(shape, value, path=()):
    """Every way to break one rule of the shape in the value: what was done, the path, and a change."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict) and not getattr(shape, "is_document_type", False):
        for member in shape.required_members:
            if member in value:
                yield f"without {member}", path, lambda it, member=member: it.pop(member)
        for member, of in shape.members.items():
            if member in value:
                yield from broken(of, value[member], (*path, member))
    elif kind == "list":
        for at, item in enumerate(value):
            yield from broken(shape.member, item, (*path, at))
        if shape.metadata.get("min", 0) > 0:
            yield "empty", path, []
    elif kind == "string":
        if shape.enum:
            yield "not of the enumeration", path, "another"
        if shape.metadata.get("min", 0) > 0:
            yield "too short", path, ""
        if (longest := shape.metadata.get("max", 0)) and longest < 1_000:
            yield "too long", path, "a" * (longest + 1)
        if "pattern" in shape.metadata and not re.fullmatch(shape.metadata["pattern"], "a b."):
            yield "against the pattern", path, "a b."
        yield "no string", path, 5
    elif kind == "integer":
        if shape.metadata.get("min", 0) > 0:
            yield "too small", path, shape.metadata["min"] - 1
        yield "no number", path, "many"


def changed(request, path, change):
    """The request with a change at the path."""
    request = copy.deepcopy(request)
    at = request
    for step in path[:-1] if not callable(change) else path:
        at = at[step]
    if callable(change):
        change(at)
    else:
        at[path[-1]] = change
    return request


class TheScriptedModel(unittest.TestCase):
    """Streams and refusals."""

    maxDiff = None

    def test_every_event_fits_its_shape(self):
        shapes, seen = Shapes(), set()
        for message in MESSAGES:
            status, error, body = converse(asking(message))
            self.assertEqual((status, error), (200, None), message)
            buffer = EventStreamBuffer()
            buffer.add_data(body)
            for event in buffer:
                kind = event.headers[":event-type" if event.headers[":message-type"] == "event" else ":exception-type"]
                self.assertIn(kind, EVENTS, message)
                shapes.check(EVENTS[kind], json.loads(event.payload), f"{message}: {kind}")
                seen.add(kind)
        self.assertEqual(shapes.mistakes, [])
        self.assertLessEqual({"messageStart", "contentBlockDelta", "messageStop", "metadata"}, seen)

    def test_the_official_client_reads_an_answer(self):
        client = boto3.client("bedrock-runtime", region_name=REGION, endpoint_url=ADDRESS)
        events = client.converse_stream(modelId=MODEL, **WHOLE)["stream"]
        self.assertIn("end_turn", [event["messageStop"]["stopReason"] for event in events if "messageStop" in event])

    def test_a_whole_request_is_taken(self):
        self.assertEqual(converse(WHOLE)[0], 200)

    def test_every_request_that_breaks_a_rule_of_the_service_model_is_refused(self):
        taken = []
        ways = list(broken(CONVERSE.input_shape, WHOLE))
        for what, path, change in ways:
            status, error, _ = converse(changed(WHOLE, path, change))
            if (status, error) != (400, "ValidationException"):
                taken.append(f"{'.'.join(map(str, path))} {what}: {status} {error}")
        self.assertEqual(taken, [])
        self.assertGreater(len(ways), 40)
        print(f"\n{len(ways)} requests that Amazon Bedrock refuses are refused")


if __name__ == "__main__":
    unittest.main()
