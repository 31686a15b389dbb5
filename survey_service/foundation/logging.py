"""Structured logs: what happened, to which ids, and never a value.

An allow-list, not a filter: a field that is not named here is dropped, so that a new call site cannot leak
by accident. Exceptions are logged as their type and the places they passed through; messages and locals can carry
values and are left out.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

ALLOWED_FIELDS = frozenset(
    {
        "event", "level", "timestamp", "error", "places", "sqlstate",
        "route", "method", "status", "milliseconds", "request_id",
        "job", "attempt", "provider_id", "occasion_id", "session_id", "response_id", "dispatch_id", "register_id",
        "release_id", "enrolment_id", "unit_id", "version_id", "gateway", "since", "count",
        "channel", "outcome", "code", "actor_kind",
    }
)  # fmt: skip

_MOST_PLACES = 8

EventDict = MutableMapping[str, Any]


def configure_logging(*, json: bool, to: TextIO | None = None) -> None:
    """Set up structlog for the process: JSON for machines, aligned text for a person at a demonstration.

    It is written to standard error unless ``to`` is somewhere else.
    """
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
        logger_factory=structlog.PrintLoggerFactory(to or sys.stderr),
        cache_logger_on_first_use=True,
    )


def describe_exception(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` by the exception's type and the places it passed, innermost last."""
    exc_info = event.pop("exc_info", None)
    error = exc_info if isinstance(exc_info, BaseException) else (sys.exc_info()[1] if exc_info else None)
    if error is not None:
        event["error"] = type(error).__qualname__
        event["sqlstate"] = getattr(getattr(error, "orig", None), "sqlstate", None)
        event["places"] = _places(error)[-_MOST_PLACES:]
    return event


def _places(error: BaseException) -> list[str]:
    """Module, line and function of each frame that is ours; of the last one too where it is a library's."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename]
    shown = ours if not frames or (ours and ours[-1] is frames[-1]) else [*ours, frames[-1]]
    return [f"{'/'.join(frame.filename.rsplit('/', 2)[-2:])}:{frame.lineno}:{frame.name}" for frame in shown]


def keep_allowed_fields(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Drop every field that is not known to be harmless."""
    for name in [name for name in event if name not in ALLOWED_FIELDS]:
        del event[name]
    return event


def get_logger() -> Any:
    """The process's logger."""
    return structlog.get_logger()
