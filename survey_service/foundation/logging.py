"""Structured logs: what happened, to which ids, and never a value.

An allow-list, not a filter: a field that is not named here is dropped, so that a new call site cannot leak
by accident. Exceptions are logged as their type and the places they passed through; messages and locals can carry
values and are left out.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED_FIELDS = frozenset(
    {
        "event", "level", "timestamp", "error", "places", "route", "method", "status", "milliseconds", "request_id",
        "job", "attempt", "provider_id", "occasion_id", "session_id", "response_id", "dispatch_id", "register_id",
        "release_id", "enrolment_id", "count", "channel", "outcome", "code", "actor_kind",
    }
)  # fmt: skip

EventDict = MutableMapping[str, Any]


def configure_logging(*, json: bool) -> None:
    """Set up structlog for the process: JSON for machines, aligned text for a person at a demonstration."""
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            describe_exception,
            keep_allowed_fields,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def describe_exception(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` by the exception's type and the places it passed, innermost last."""
    exc_info = event.pop("exc_info", None)
    error = exc_info if isinstance(exc_info, BaseException) else (sys.exc_info()[1] if exc_info else None)
    if error is not None:
        event["error"] = type(error).__qualname__
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        event["places"] = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}:{frame.name}" for frame in frames]
    return event


def keep_allowed_fields(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Drop every field that is not known to be harmless."""
    for name in [name for name in event if name not in ALLOWED_FIELDS]:
        del event[name]
    return event


def get_logger() -> Any:
    """The process's logger."""
    return structlog.get_logger()
