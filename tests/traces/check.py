"""What a collector got of the whole flow: spans that read as one story, and metrics; and nothing that anybody said.

python check.py FOLDER EVENTS-OF-THE-FLOW"""

import re
import sys
from pathlib import Path

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
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


def batches(folder, kind, message):
    for batch in sorted(Path(folder, kind).iterdir()):
        yield message.FromString(batch.read_bytes())


def read(folder):
    for request in batches(folder, "traces", ExportTraceServiceRequest):
        for resource in request.resource_spans:
            of = {it.key: value(it.value) for it in resource.resource.attributes}
            for scope in resource.scope_spans:
                yield from (Span(of["service.name"], span) for span in scope.spans)


def read_metrics(folder):
    """The greatest of each metric, by its service, name and outcome: the counts are cumulative."""
    found = {}
    for request in batches(folder, "metrics", ExportMetricsServiceRequest):
        for resource in request.resource_metrics:
            of = {it.key: value(it.value) for it in resource.resource.attributes}["service.name"]
            for metric in (it for scope in resource.scope_metrics for it in scope.metrics):
                for point in value_of(metric).data_points:
                    by = {it.key: value(it.value) for it in point.attributes}
                    key = (of.removeprefix("countersign-"), metric.name, by.get("outcome") or by.get("operation"))
                    count = point.count if metric.HasField("histogram") else point.as_int
                    found[key] = max(found.get(key, 0), count)
    return found


def value_of(metric):
    return getattr(metric, metric.WhichOneof("data"))


def check_metrics(metrics):
    def count(service, name, by):
        return metrics.get((service, f"countersign.{name}", by), 0)

    turns = sum(count("invoke", "turns", by) for by in ("completed", "interrupted"))
    assert turns > 1 and count("invoke", "turn.duration", "completed") > 0, metrics
    assert count("invoke", "consents", "asked") > 0 and count("bind-session", "consents", "given") > 0, metrics
    assert count("invoke", "tool.calls", "ok") > 0 and count("invoke", "model.output_tokens", "ok") > 0, metrics
    assert count("invoke", "upstream.duration", "PutObject") > 0, metrics


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
    within(named("BedrockRuntime/ConverseStream")[0], "chat ")

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
    # A tool's name is no word of anybody's.
    tools = {it.attributes.get("gen_ai.tool.name", "") for it in spans}
    for word in set(re.findall(r'"delta":"([^"\\]{12,})"', events)):
        if any(word.strip() in tool for tool in tools):
            continue
        assert word.encode() not in raw, f"{word!r} has reached the collector"


folder, events = sys.argv[1:]
spans, metrics = list(read(folder)), read_metrics(folder)
raw = b"".join(path.read_bytes() for path in sorted(Path(folder).glob("*/*")))
check(spans, raw, Path(events).read_text())
check_metrics(metrics)
traces = len({it.trace for it in spans})
print(f"ok - {len(spans)} spans in {traces} traces tell one story, beside {len(metrics)} metrics")
