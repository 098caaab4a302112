"""A model that calls one tool, tells what it returned, and calls it again whenever the user speaks: for agents
whose loop is somebody else's."""

import json
import sys

from strands.models import Model


class Scripted(Model):
    """For Strands: calls `tool` with `arguments` once for each message of the user's."""

    def __init__(self, tool, arguments):
        self.tool, self.arguments, self.calls = tool, arguments, 0

    def update_config(self, **_):
        pass

    def get_config(self):
        return {}

    async def structured_output(self, *_, **__):
        raise NotImplementedError
        yield

    async def stream(self, messages, *_, **__):
        results = [block["toolResult"] for block in messages[-1]["content"] if "toolResult" in block]
        yield {"messageStart": {"role": "assistant"}}
        if results:
            said = " ".join(block.get("text", "") for block in results[0]["content"])
            yield {"contentBlockStart": {"start": {}}}
            yield {"contentBlockDelta": {"delta": {"text": said}}}
            reason = "end_turn"
        else:
            self.calls += 1
            call = {"name": self.tool, "toolUseId": f"call-{self.calls}"}
            yield {"contentBlockStart": {"start": {"toolUse": call}}}
            text = json.dumps(self.arguments)
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": text}}}}
            reason = "tool_use"
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": reason}}


def told(text):
    """Prints one line for the test, and waits for it to say that the user has done it."""
    print(json.dumps(text), flush=True)
    return sys.stdin.readline().strip()
