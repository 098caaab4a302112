"""One turn after another of a Strands agent that keeps its conversation in S3.

Each line of the input is a user's message; each line of the output says how long the turn took.
As in a service, every turn has an agent of its own, which restores the conversation first. The
model is scripted: what it says costs nothing, so that what is left is the session manager's.

Arguments: endpoint, bucket, prefix, session id.
"""

import json
import os
import sys
import time

from strands import Agent, tool
from strands.models import Model
from strands.session.s3_session_manager import S3SessionManager


@tool
def lookup(word: str) -> dict:
    """Looks a word up."""
    if word == "death":
        os._exit(9)
    return {"status": "success", "content": [{"json": {"word": word, "meaning": "unknown"}}]}


class Scripted(Model):
    def update_config(self, **config):
        pass

    def get_config(self):
        return {}

    def structured_output(self, *args, **kwargs):
        raise NotImplementedError

    async def stream(self, messages, *args, **kwargs):
        said = messages[-1]["content"][0].get("text", "")
        yield {"messageStart": {"role": "assistant"}}
        if said.startswith("look up "):
            call = {"toolUseId": f"tooluse_{len(messages)}", "name": "lookup"}
            word = {"word": said.removeprefix("look up ")}
            yield {"contentBlockStart": {"start": {"toolUse": call}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(word)}}}}
            yield {"contentBlockStop": {}}
            yield {"messageStop": {"stopReason": "tool_use"}}
        else:
            yield {"contentBlockStart": {"start": {}}}
            yield {"contentBlockDelta": {"delta": {"text": f"You said: {said}"}}}
            yield {"contentBlockStop": {}}
            yield {"messageStop": {"stopReason": "end_turn"}}


def turn(message, endpoint, bucket, prefix, session):
    started = time.perf_counter()
    manager = S3SessionManager(session, bucket, prefix=prefix, endpoint_url=endpoint)
    agent = Agent(
        model=Scripted(),
        tools=[lookup],
        session_manager=manager,
        agent_id="default",
        callback_handler=None,
    )
    loaded = time.perf_counter()
    if message == "show a picture":
        picture = {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}
        agent([{"text": message}, picture])
    else:
        agent(message)
    if message == "something to redact":
        redacted = {"role": "assistant", "content": [{"text": "(redacted)"}]}
        manager.redact_latest_message(redacted, agent)
    return {"load": loaded - started, "turn": time.perf_counter() - started}


for line in sys.stdin:
    print(json.dumps(turn(line.rstrip("\n"), *sys.argv[1:])), flush=True)
