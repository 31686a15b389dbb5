"""A feed's entries in each format: every column has its value, and nothing is told that is not there."""

import csv
import json
from datetime import date
from io import StringIO
from typing import Any
from uuid import UUID

from fhir.resources.R4B import get_fhir_model_class

from survey_service.registers.entries import Ending, EntryKind, FeedEntry
from survey_service.registers.fhir_lines import RELEASE_IDS, ending_line, fhir_lines
from survey_service.registers.formats import (
    LONG_COLUMNS,
    CsvWriter,
    Layout,
    as_json,
    ending_as_json,
    ndjson_lines,
    wide_columns,
)

RELEASE, EARLIER, ORDER = UUID(int=1), UUID(int=2), UUID(int=3)
SCORES = [
    {
        "variable": "eq5d5l.index",
        "value": 0.9755,
        "text": None,
        "standard_error": None,
        "missing_reason": None,
        "method": "SE-2020-TTO",
        "method_hash": "sha256:aa",
        "algorithm": "eq5d/1",
    },
    {
        "variable": "promis_anxiety.t",
        "value": None,
        "text": None,
        "standard_error": None,
        "missing_reason": "skipped",
        "method": "bank",
        "method_hash": "sha256:bb",
        "algorithm": "eap/1",
    },
]


def payload(**changes: Any) -> dict[str, Any]:
    """What a release says, as ``registers/payload.py`` writes it."""
    return {
        "response": str(UUID(int=9)),
        "version": 1,
        "subject": str(UUID(int=8)),
        "provider": "SE1-p",
        "unit": "SE1-u",
        "instrument": "eq5d-5l",
        "instrument_version": "1.0",
        "instrument_hash": "sha256:cc",
        "form": None,
        "wording": str(UUID(int=7)),
        "language": "sv",
        "mode": "web",
        "respondent": "self",
        "occasion": "year-1",
        "occasion_due_on": "2026-03-01",
        "within_window": True,
        "event": {"kind": "operation", "date": "2025-03-01", "procedure": "NGB49", "side": "left"},
        "completed_at": "2026-03-02T10:00:00+00:00",
        "flags": ["far-from-last", "too-fast"],
        "scores": SCORES,
        "agreement": {"id": str(UUID(int=6)), "version": 2},
    } | changes


def result(**changes: Any) -> FeedEntry:
    return FeedEntry(EntryKind.RESULT, RELEASE, payload=payload(**changes))


CORRECTED = FeedEntry(EntryKind.CORRECTED, RELEASE, payload=payload(version=2), replaces=EARLIER)
WITHDRAWN = FeedEntry(EntryKind.WITHDRAWN, RELEASE)
ERASURE = FeedEntry(EntryKind.ERASURE, None, order=ORDER, releases=(RELEASE, EARLIER))
ENDING = Ending(UUID(int=5), "MS4x", truncated=True, completed_from=date(2026, 1, 1), released_from=None)


def lines(entry: FeedEntry, layout: Layout = Layout.LONG) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ndjson_lines(entry, layout)]


def table(columns: tuple[str, ...], layout: Layout, *entries: FeedEntry) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(CsvWriter(columns, layout).page(entries))))


def test_a_long_row_has_the_figure_with_all_that_made_it() -> None:
    """B9, D3"""
    index, anxiety = lines(result())
    shared = {name: index[name] for name in index if name in anxiety and index[name] == anxiety[name]}
    assert shared == {
        "kind": "result",
        "release": str(RELEASE),
        **{name: value for name, value in payload().items() if isinstance(value, str | int) and value is not None},
        "event": "operation",
        "event_date": "2025-03-01",
        "procedure": "NGB49",
        "side": "left",
        "flags": "far-from-last too-fast",
        "agreement": str(UUID(int=6)),
        "agreement_version": 2,
    }
    assert (index["value"], index["method_hash"]) == (0.9755, "sha256:aa")
    assert ("value" in anxiety, anxiety["missing_reason"]) == (False, "skipped")


def test_csv_says_the_same_as_ndjson() -> None:
    """B9"""
    entries = [result(), CORRECTED, WITHDRAWN, ERASURE]
    from_csv = [
        {name: value for name, value in row.items() if value} for row in table(LONG_COLUMNS, Layout.LONG, *entries)
    ]
    from_json = [
        {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in line.items()}
        for entry in entries
        for line in lines(entry)
    ]
    assert from_csv == from_json


def test_item_answers_are_rows_of_their_own() -> None:
    """B2"""
    rows = lines(
        result(answers=[{"item": "mobility", "kind": "value", "value": 2}, {"item": "vas", "kind": "skipped"}])
    )
    assert [(row.get("item"), row.get("answer"), row.get("answer_kind")) for row in rows[2:]] == [
        ("mobility", 2, "value"),
        ("vas", None, "skipped"),
    ]


def test_an_older_release_without_the_newer_fields_is_told_as_it_is() -> None:
    old = {
        name: value
        for name, value in payload().items()
        if name not in {"version", "event", "flags", "agreement", "occasion_due_on", "within_window"}
    }
    (index, _) = lines(FeedEntry(EntryKind.RESULT, RELEASE, payload=old))
    assert index["variable"] == "eq5d5l.index"
    assert list(fhir_lines(FeedEntry(EntryKind.RESULT, RELEASE, payload=old), units={}))


def test_an_order_to_erase_names_each_release() -> None:
    """B4"""
    assert as_json(ERASURE) == {"kind": "erasure", "order": ORDER, "releases": [RELEASE, EARLIER]}
    assert [(row["order"], row["release"]) for row in lines(ERASURE)] == [
        (str(ORDER), str(RELEASE)),
        (str(ORDER), str(EARLIER)),
    ]


def test_a_wide_row_has_a_column_for_each_agreed_variable() -> None:
    columns = wide_columns(["promis_anxiety.t", "eq5d5l.index"])
    kept, withdrawn = table(columns, Layout.WIDE, result(), WITHDRAWN)
    assert (kept["eq5d5l.index"], kept["promis_anxiety.t"]) == ("0.9755", "")
    assert kept["promis_anxiety.t.missing"] == "skipped"
    assert (withdrawn["kind"], withdrawn["release"]) == ("withdrawn", str(RELEASE))
    (line,) = lines(result(), Layout.WIDE)
    assert line["eq5d5l.index"] == 0.9755


def test_a_text_with_commas_quotes_and_line_ends_comes_through_csv() -> None:
    text = 'one, "two"\r\nthree'
    rows = table(LONG_COLUMNS, Layout.LONG, result(answers=[{"item": "a", "kind": "value", "value": text}]))
    assert rows[-1]["answer"] == text


def test_each_line_of_fhir_is_a_valid_resource() -> None:
    """B9"""
    sealed = {
        "subject": "191212121212",
        "answers": [
            {"item": "mobility", "kind": "value", "value": 2},
            {"item": "weight", "kind": "value", "value": 72.5},
            {"item": "several", "kind": "value", "value": [1, 3]},
            {"item": "vas", "kind": "skipped", "value": None},
        ],
    }
    entries = [result(), result(**sealed), result(subject=None, erased=True), CORRECTED, WITHDRAWN, ERASURE]
    told = [line for entry in entries for line in fhir_lines(entry, units={"eq5d5l.index": "index"})]
    for line in [*told, ending_line(ENDING)]:
        body = json.loads(line)
        get_fhir_model_class(body["resourceType"]).model_validate(body)


def test_what_is_withdrawn_in_fhir_is_found_by_the_identifier_that_its_observations_had() -> None:
    """B4"""
    told = [json.loads(line) for line in fhir_lines(result(), units={})]
    assert [one["status"] for one in told] == ["final", "final"]
    (forgotten,) = map(json.loads, fhir_lines(WITHDRAWN, units={}))
    assert forgotten["status"] == "entered-in-error"
    (known,) = forgotten["identifier"]
    assert known == {"system": RELEASE_IDS, "value": str(RELEASE)}
    assert all(known in one["identifier"] for one in told)


def test_a_correction_in_fhir_takes_the_earlier_back_first() -> None:
    first, *rest = [json.loads(line) for line in fhir_lines(CORRECTED, units={})]
    assert (first["status"], first["identifier"][0]["value"]) == ("entered-in-error", str(EARLIER))
    assert {one["status"] for one in rest} == {"corrected"}


def test_the_end_says_where_to_go_on_and_that_there_is_more() -> None:
    """B9"""
    assert ending_as_json(ENDING) == {
        "kind": "end",
        "pull": str(UUID(int=5)),
        "next_cursor": "MS4x",
        "truncated": True,
        "look_back": {"completed_from": "2026-01-01", "released_from": None},
    }
