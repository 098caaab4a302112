"""What a collector got of the whole flow reads as one story, and holds nothing that anybody said.

python check.py FOLDER-OF-BATCHES EVENTS-OF-THE-FLOW"""

import re
import sys
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

# Words of the user, of the model, of GitHub and of the tools' inputs in this flow; parts of every kind of secret.
SAID = ["Hello", "repositories do I have", "octo-alice", "diary", "garden", "create an issue", "message 1 of"]
SECRETS = ["gho_", "ghp_", "eyJ", "request_uri", "flow=", "code=", "state=", "Bearer", "__Host", "AKIA", "v1."]


def value(it):
    return getattr(it, it.WhichOneof("value"))


class Span:
    def __init__(self, service, span):
        self.service, self.name, self.id = service, span.name, span.span_id
        self.trace, self.parent = span.trace_id, span.parent_span_id
        self.attributes = {it.key: value(it.value) for it in span.attributes}
        self.events, self.failed = len(span.events), span.status.code == 2


def read(folder):
    batches = sorted(Path(folder).iterdir())
    for batch in batches:
        request = ExportTraceServiceRequest.FromString(batch.read_bytes())
        for resource in request.resource_spans:
            of = {it.key: value(it.value) for it in resource.resource.attributes}
            for scope in resource.scope_spans:
                yield from (Span(of["service.name"], span) for span in scope.spans)


def check(spans, raw, events):
    def named(start, **attributes):
        want = {key.replace("__", "."): value for key, value in attributes.items()}
        found = [it for it in spans if it.name.startswith(start) and want.items() <= it.attributes.items()]
        assert found, f"no span {start} {want}"
        return found

    by_id = {it.id: it for it in spans}

    def within(span, start):
        while span.parent in by_id:
            span = by_id[span.parent]
            if span.name.startswith(start):
                return span
        raise AssertionError(f"{span.name} is in no {start}")

    # A turn is within its request; the model and the tools are within their turn.
    for turn in named("invoke_agent ", gen_ai__operation__name="invoke_agent"):
        request = within(turn, "POST /invocations")
        assert request.trace == turn.trace and request.service == "countersign-invoke"
        assert turn.attributes["gen_ai.conversation.id"] == turn.attributes["session.id"]
    for inner in named("chat ") + named("execute_tool "):
        assert within(inner, "invoke_agent ").attributes["gen_ai.conversation.id"]
    for span in spans:
        assert "gen_ai.operation.name" not in span.attributes or span.attributes["gen_ai.provider.name"]
        assert span.events == 0, f"{span.name} has events"
    assert any(it.attributes.get("gen_ai.usage.output_tokens", 0) > 0 for it in named("chat "))
    named("execute_tool github_list_repositories", countersign__tool__step="read")
    named("execute_tool github_create_issue", countersign__tool__step="preview")
    named("execute_tool github_create_issue", countersign__tool__step="apply")
    for what in ("S3/GetObject", "S3/PutObject", "BedrockAgentCore/GetResourceOauth2Token"):
        within(named(what)[0], "")

    # One consent: asked for in a turn, started in the browser, bound by the other service, and the turn goes on.
    asked = [it for it in named("consent_required")]
    told = False
    for ask in asked:
        flow, turn = ask.attributes["countersign.flow"], within(ask, "invoke_agent ")
        started = [it for it in spans if it.name == "consent_started" and it.attributes["countersign.flow"] == flow]
        bound = [it for it in spans if it.name == "bound" and it.attributes["countersign.flow"] == flow]
        if not (started and bound):
            continue
        within(started[0], "GET /consent")
        assert bound[0].service == "countersign-bind-session"
        redirect = within(bound[0], "GET /oauth2/session-binding")
        complete = [it for it in named("BedrockAgentCore/CompleteResourceTokenAuth") if it.trace == redirect.trace]
        assert complete, "the binding's request to AgentCore Identity is in its trace"
        conversation = turn.attributes["gen_ai.conversation.id"]
        turns = named("invoke_agent ", gen_ai__conversation__id=conversation)
        assert any(it.id != turn.id for it in turns), "the turn that went on is in the same conversation"
        told = True
    assert told, "no consent is told to its end"

    for word in SAID + SECRETS:
        assert word.encode() not in raw, f"{word!r} has reached the collector"
    for word in set(re.findall(r'"delta":"([^"\\]{12,})"', events)):
        assert word.encode() not in raw, f"{word!r} has reached the collector"


folder, events = sys.argv[1:]
spans = list(read(folder))
raw = b"".join(path.read_bytes() for path in sorted(Path(folder).iterdir()))
check(spans, raw, Path(events).read_text())
print(f"ok - {len(spans)} spans in {len({it.trace for it in spans})} traces tell one story")
