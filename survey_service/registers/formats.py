"""A feed's entries as JSON, as flat rows (NDJSON and CSV, long or wide). Pure; FHIR is in ``fhir_lines``.

Long is one row a variable: every figure stands beside the versions that made it, and a new variable is no new column.
Wide is one row a result: a column for each variable, without methods and item answers.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from io import StringIO
from typing import Any

import orjson

from survey_service.registers.entries import Ending, EntryKind, FeedEntry


class Format(StrEnum):
    """How a pull is told."""

    JSON = "json"
    NDJSON = "ndjson"
    FHIR = "fhir"
    CSV = "csv"


class Layout(StrEnum):
    """What a flat row is about: a variable, or a result."""

    LONG = "long"
    WIDE = "wide"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.NDJSON: "application/x-ndjson",
    Format.FHIR: "application/fhir+ndjson",
    Format.CSV: "text/csv",
}

ENTRY_COLUMNS = ("kind", "release", "replaces", "order")
# Of the result, as its payload has them.
RESULT_COLUMNS = (
    "response", "version", "subject", "provider", "unit", "instrument", "instrument_version", "instrument_hash", "form",
    "wording", "language", "mode", "respondent", "occasion", "occasion_due_on", "within_window", "event", "event_date",
    "procedure", "side", "completed_at", "flags", "agreement", "agreement_version", "erased",
)  # fmt: skip
SCORE_COLUMNS = (
    "variable", "value", "text", "standard_error", "missing_reason", "method", "method_hash", "algorithm",
)  # fmt: skip
ANSWER_COLUMNS = ("item", "answer_kind", "answer")
LONG_COLUMNS = (*ENTRY_COLUMNS, *RESULT_COLUMNS, *SCORE_COLUMNS, *ANSWER_COLUMNS)

Row = dict[str, Any]


def as_json(entry: FeedEntry) -> dict[str, Any]:
    """An entry of a JSON page."""
    match entry.kind:
        case EntryKind.WITHDRAWN:
            return {"kind": entry.kind, "id": entry.release_id}
        case EntryKind.ERASURE:
            return {"kind": entry.kind, "order": entry.order, "releases": list(entry.releases)}
        case EntryKind.CORRECTED:
            return {
                "kind": entry.kind,
                "id": entry.release_id,
                "replaces": entry.replaces,
                "result": entry.payload,
            }
        case EntryKind.RESULT:
            return {"kind": entry.kind, "id": entry.release_id, "result": entry.payload}


def ending_as_json(ending: Ending) -> dict[str, Any]:
    """The last line of a stream: without it, the stream broke off and nothing of it counts."""
    return {
        "kind": "end",
        "pull": str(ending.pull_id),
        "next_cursor": ending.next_cursor,
        "truncated": ending.truncated,
        "look_back": look_back(ending),
    }


def look_back(ending: Ending) -> dict[str, str | None]:
    """How far back a pull looked, in days of answering."""
    asked, agreed = ending.completed_from, ending.released_from
    return {
        "completed_from": asked.isoformat() if asked else None,
        "released_from": agreed.isoformat() if agreed else None,
    }


def ndjson_lines(entry: FeedEntry, layout: Layout) -> Iterator[str]:
    """An entry as lines of JSON; a field without a value is left out."""
    if layout is Layout.WIDE and entry.payload is not None:
        yield dumps(_wide_row(entry))
        return
    # What all rows of an entry share is written once: it is most of a row.
    heads, details = _long_rows(entry)
    for head in heads:
        shared = dumps(_without_nulls(head))[:-1]
        for detail in details:
            yield f"{shared},{dumps(_without_nulls(detail))[1:]}" if detail else shared + "}"


class CsvWriter:
    """Writes entries as CSV (RFC 4180), page by page. An empty field is no value."""

    def __init__(self, columns: Sequence[str], layout: Layout) -> None:
        self._columns = columns
        self._layout = layout
        self._buffer = StringIO()
        self._writer = csv.writer(self._buffer)
        self._writer.writerow(columns)

    def page(self, entries: Iterable[FeedEntry]) -> str:
        """The rows of these entries; before the first of them, the names of the columns."""
        for entry in entries:
            if self._layout is Layout.WIDE and entry.payload is not None:
                row = _wide_row(entry)
                self._writer.writerow([_cell(row.get(name)) for name in self._columns])
                continue
            heads, details = _long_rows(entry)
            for head in heads:
                shared = [_cell(head.get(name)) for name in (*ENTRY_COLUMNS, *RESULT_COLUMNS)]
                rest = self._columns[len(shared) :]
                self._writer.writerows([*shared, *_cells(detail, rest)] for detail in details)
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text


def wide_columns(variables: Iterable[str]) -> tuple[str, ...]:
    """The columns of the wide layout: of each variable its value, its standard error and why it is missing."""
    named = (name for one in sorted(variables) for name in (one, f"{one}.se", f"{one}.missing"))
    return (*ENTRY_COLUMNS, *RESULT_COLUMNS, *named)


def _long_rows(entry: FeedEntry) -> tuple[list[Row], list[Row]]:
    """What the rows of an entry share, and what each has of its own: rows are the product of the two."""
    if entry.kind is EntryKind.ERASURE:
        return [{"kind": entry.kind, "order": str(entry.order), "release": str(one)} for one in entry.releases], [{}]
    scores: list[Row] = list((entry.payload or {}).get("scores") or ())
    answers = [
        {"item": one["item"], "answer_kind": one["kind"], "answer": one.get("value")}
        for one in (entry.payload or {}).get("answers") or ()
    ]
    return [_head(entry)], [*scores, *answers] or [{}]


def _head(entry: FeedEntry) -> Row:
    head: Row = {
        "kind": entry.kind,
        "release": str(entry.release_id),
        "replaces": str(entry.replaces) if entry.replaces else None,
        "order": None,
    }
    payload = entry.payload
    if payload is None:
        return head
    event, agreement = payload.get("event") or {}, payload.get("agreement") or {}
    flattened = {
        "event": event.get("kind"),
        "event_date": event.get("date"),
        "procedure": event.get("procedure"),
        "side": event.get("side"),
        "flags": _flags(payload.get("flags")),
        "agreement": agreement.get("id"),
        "agreement_version": agreement.get("version"),
    }
    return head | {name: flattened.get(name, payload.get(name)) for name in RESULT_COLUMNS}


def _wide_row(entry: FeedEntry) -> Row:
    row = _head(entry)
    for score in (entry.payload or {}).get("scores") or ():
        name = score["variable"]
        row[name] = score.get("text") if score.get("value") is None else score["value"]
        row[f"{name}.se"] = score.get("standard_error")
        row[f"{name}.missing"] = score.get("missing_reason")
    return _without_nulls(row)


def _flags(flags: Sequence[Any] | None) -> str | None:
    return " ".join(one if isinstance(one, str) else dumps(one) for one in flags) if flags else None


def _without_nulls(row: Mapping[str, Any]) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def _cells(detail: Row, columns: Sequence[str]) -> Iterable[object]:
    """The row's own cells. Scores are numbers, texts or nothing, which the writer knows; answers are more than that."""
    values = map(detail.get, columns)
    return map(_cell, values) if "item" in detail else values


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return dumps(value) if isinstance(value, list | dict) else value


def dumps(value: object) -> str:
    """As compact JSON, in UTF-8."""
    return orjson.dumps(value).decode()
