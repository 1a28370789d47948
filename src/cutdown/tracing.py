"""OpenTelemetry spans of a run, its phases and its requests to providers.

Spans go to whatever tracer the process has. Without OpenTelemetry, or without a tracer, nothing
happens. Attributes are names, counts, seconds and money, never a key or a text; of an error, its kind.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cutdown.current_run import current_run, is_observed
from cutdown.errors import UsageError
from cutdown.extras import remedy
from cutdown.settings import environment

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OpenTelemetrySpan
    from opentelemetry.trace import Tracer

Value = str | int | float | bool | None

_PREFIX: Final = "cutdown."


class Span:
    """A span that runs; what it is told is dropped where nobody traces."""

    def __init__(self, inner: OpenTelemetrySpan | None) -> None:
        self._inner = inner

    def tell(self, **attributes: Value) -> None:
        """Add attributes under ``cutdown.``; what is None is left out."""
        self.tell_plainly({_PREFIX + name: value for name, value in attributes.items()})

    def tell_plainly(self, attributes: dict[str, Value]) -> None:
        """Add attributes under names that are not ours, such as OpenTelemetry's own."""
        if self._inner is not None:
            self._inner.set_attributes(
                {name: value for name, value in attributes.items() if value is not None}
            )


@contextlib.contextmanager
def span(name: str, *, to_service: bool = False, **attributes: Value) -> Iterator[Span]:
    """A span over the block, inside the one around it.

    Args:
        name: what is done; of few different values.
        to_service: whether the block asks another machine.
        attributes: see `Span.tell`.
    """
    tracer = _tracer() if is_observed() else None
    if tracer is None:
        yield Span(None)
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode

    kind = SpanKind.CLIENT if to_service else SpanKind.INTERNAL
    with tracer.start_as_current_span(
        name, kind=kind, record_exception=False, set_status_on_exception=False
    ) as inner:
        running = Span(inner)
        running.tell(run_id=current_run().id or None, **attributes)
        try:
            yield running
        except BaseException as error:
            inner.set_attribute("error.type", type(error).__name__)  # its message may name files
            inner.set_status(Status(StatusCode.ERROR))
            raise


@functools.cache
def _tracer() -> Tracer | None:
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    from cutdown import __version__

    return trace.get_tracer("cutdown", __version__)


@contextlib.contextmanager
def exported() -> Iterator[None]:
    """Send the spans of the block to where OpenTelemetry's own variables say, by OTLP over HTTP.

    Raises:
        UsageError: what sends spans is not installed.
    """
    provider = _provider()
    try:
        yield
    finally:
        provider.force_flush()


@functools.cache
def _provider() -> TracerProvider:
    """The process's tracer provider with a way out; what is left over is sent when the process ends."""
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise UsageError(f"spans need what is not installed; {remedy('otel')}") from error
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):  # nobody traces yet
        name = environment("OTEL_SERVICE_NAME") or "cutdown"
        provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
        trace.set_tracer_provider(provider)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
