"""Logs, spans and the run's id: seen where they arrive, by the real SDKs and a real collector."""

import http.server
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fake_services.faults import Fault
from fake_services.server import FakeServices
from fault_matrix import surround
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from service_kit import an_account, chosen

from cutdown import tracing
from cutdown.current_run import current_run, running, unobserved
from cutdown.errors import ProviderError, UsageError
from cutdown.logs import tell
from cutdown.observing import ends_told, observed
from cutdown.services.ledger import Ledger
from cutdown.voice import open_voice

SECRET_LINE = "The quarterly figures are confidential."


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """What a tracer of this process would be given."""
    provider, kept = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(tracing, "_tracer", lambda: provider.get_tracer("test"))
    yield kept
    provider.shutdown()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def say(folder: Path, provider: str) -> None:
    with an_account(folder) as account:
        open_voice(chosen(provider, "voice"), account).say(SECRET_LINE)


def test_a_request_carries_the_run_to_provider_ledger_log_and_span(
    fake: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spans: InMemorySpanExporter
) -> None:
    surround(monkeypatch, fake, tmp_path / "state")
    log = tmp_path / "log.jsonl"
    for provider in ("openai", "elevenlabs"):
        with observed(log_json=log), running("run-of-" + provider):
            say(tmp_path, provider)
        spoken = fake.asked(f"{provider}.speech")[-1]
        assert spoken.headers["x-request-id"] == "run-of-" + provider
    entries = [entry for entry in Ledger(tmp_path / "ledger.jsonl").entries() if entry.provider == "openai"]
    assert {entry.run_id for entry in entries} == {"run-of-openai"}
    (told,) = [line for line in lines(log) if line.get("provider") == "openai"]
    assert told["event"] == "request answered"
    assert told["run_id"] == "run-of-openai"
    assert told["request_id"] in {entry.id for entry in entries}
    assert told["used"]["characters"] == len(SECRET_LINE)
    found = [span for span in spans.get_finished_spans() if span.name == "request"]
    attributes = [dict(span.attributes or {}) for span in found]
    assert {each["cutdown.run_id"] for each in attributes} == {"run-of-openai", "run-of-elevenlabs"}
    assert attributes[0]["gen_ai.provider.name"] == "openai"
    assert attributes[0]["cutdown.characters"] == len(SECRET_LINE)
    everything = log.read_text() + "".join(span.to_json() for span in found)
    assert SECRET_LINE not in everything
    for key in fake.keys.values():
        assert key not in everything


def test_a_request_outside_of_a_run_carries_no_id(
    fake: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    surround(monkeypatch, fake, tmp_path / "state")
    say(tmp_path, "openai")
    assert "x-request-id" not in fake.asked("openai.speech")[-1].headers


def test_a_refused_request_is_told_by_the_kind_of_its_fault(
    fake: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spans: InMemorySpanExporter
) -> None:
    surround(monkeypatch, fake, tmp_path / "state")
    fake.script("openai.speech", [Fault.REVOKED])
    with observed(log_json=tmp_path / "log.jsonl"), running("r1"), pytest.raises(ProviderError):
        say(tmp_path, "openai")
    (told,) = lines(tmp_path / "log.jsonl")
    assert (told["level"], told["event"], told["fault"]) == ("warning", "request failed", "key refused")
    (span,) = spans.get_finished_spans()
    attributes = dict(span.attributes or {})
    assert (attributes["error.type"], attributes["cutdown.fault"]) == ("ProviderError", "key refused")
    assert span.status.status_code is trace.StatusCode.ERROR
    assert not span.events  # no message, no stack with its text


def test_spans_lie_inside_each_other_and_tell_only_what_is_known(spans: InMemorySpanExporter) -> None:
    with running("r2"), tracing.span("optimize") as outer, tracing.span("ingest", video_id="3f2a") as inner:
        inner.tell(cached=False, cost_usd=None)
        outer.tell(passed=True)
    inside, outside = spans.get_finished_spans()
    assert isinstance(inside, ReadableSpan)
    assert inside.parent is not None
    assert inside.parent.span_id == outside.context.span_id
    assert dict(inside.attributes or {}) == {
        "cutdown.run_id": "r2",
        "cutdown.video_id": "3f2a",
        "cutdown.cached": False,
    }


def test_a_look_at_what_is_there_is_told_to_nobody(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    with observed(log_json=tmp_path / "log.jsonl"), unobserved(), tracing.span("ingest"):
        tell(logging.getLogger("cutdown.test"), "phase begins")
    assert (tmp_path / "log.jsonl").read_text() == ""
    assert spans.get_finished_spans() == ()


def test_the_log_is_asked_for_by_the_environment_and_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTDOWN_LOG_JSON", str(tmp_path / "new" / "log.jsonl"))
    logger = logging.getLogger("cutdown.test")
    with observed(), running() as run, observed():
        assert run == current_run()
        tell(logger, "phase ends", phase="ingest", seconds=1.5, cost_usd=None)
    tell(logger, "afterwards")
    (line,) = lines(tmp_path / "new" / "log.jsonl")
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "cutdown.test",
        "event": "phase ends",
        "run_id": run.id,
        "phase": "ingest",
        "seconds": 1.5,
        "cost_usd": None,
    }


def test_how_a_run_ends_is_told(tmp_path: Path) -> None:
    with observed(log_json=tmp_path / "log.jsonl"), running("r3"):
        with ends_told():
            pass
        with pytest.raises(UsageError), ends_told():
            raise UsageError("no such file; check the path")
    events = [(line["event"], line.get("exit_code")) for line in lines(tmp_path / "log.jsonl")]
    assert events == [("run begins", None), ("run ends", None), ("run begins", None), ("run failed", 2)]


def test_a_log_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write the log"), observed(log_json=tmp_path / "file" / "x"):
        pass


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes spans as OTLP over HTTP."""

    taken: ClassVar[list[ExportTraceServiceRequest]] = []

    def do_POST(self) -> None:  # the library's own form
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


TRACED = """
from cutdown.current_run import running
from cutdown.observing import observed
from cutdown.tracing import span
with observed(), running("r9"), span("optimize"), span("ingest"):
    pass
"""


def test_spans_reach_a_collector_where_the_environment_asks_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("CUTDOWN_TRACE", "1")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        subprocess.run([sys.executable, "-c", TRACED], check=True)
        server.shutdown()
    resources = [resource for request in Collector.taken for resource in request.resource_spans]
    service = {item.key: item.value.string_value for item in resources[0].resource.attributes}
    assert service["service.name"] == "cutdown"
    sent = [span for resource in resources for scope in resource.scope_spans for span in scope.spans]
    assert [span.name for span in sent] == ["ingest", "optimize"]
    assert sent[0].parent_span_id == sent[1].span_id


def test_what_sends_spans_may_be_missing_and_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    tracing._provider.cache_clear()
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(UsageError, match=r"add it with CUTDOWN_EXTRAS=otel \./run\.sh"), observed(trace=True):
        pass


WITHOUT = """
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from cutdown import cli
from cutdown.tracing import span
with span("optimize") as told:
    told.tell(passed=True)
assert not any(name.startswith("opentelemetry") for name in sys.modules)
"""


def test_the_engine_needs_no_opentelemetry() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)
