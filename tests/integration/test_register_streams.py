"""The feed as a stream: every format, to the end or to the limit, and nothing told that is not logged."""

import csv
import gzip
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from survey_service.delivery.use_cases import open_response
from survey_service.errors import NotSignedIn
from survey_service.foundation.clock import local_day
from survey_service.registers import feed as feed_module
from survey_service.registers.feed import begin_pull, pages
from survey_service.registers.fhir_lines import RESPONSE_IDS
from survey_service.registers.objecting import object_to_register
from survey_service.registers.releasing import release_batch
from survey_service.registers.rules import ACCEPTED_PURPOSE
from tests.conftest import BASE_URL, TestDatabase
from tests.integration.pulling import FEED, feed, references
from tests.world import World

STREAMS = ("ndjson", "fhir", "csv")
Released = Callable[..., str]


def told(answer: TestResponse, format_: str) -> list[str]:
    """The responses that a stream tells of, in order, each once."""
    text = answer.get_data(as_text=True)
    if format_ == "csv":
        found = [row["response"] for row in csv.DictReader(StringIO(text))]
    else:
        lines = [json.loads(line) for line in text.splitlines()]
        if format_ == "ndjson":
            found = [line["response"] for line in lines if line["kind"] != "end"]
        else:
            found = [line["derivedFrom"][0]["identifier"]["value"] for line in lines if "derivedFrom" in line]
    return list(dict.fromkeys(found))


def ending(answer: TestResponse) -> dict[str, Any]:
    last: dict[str, Any] = json.loads(answer.get_data(as_text=True).splitlines()[-1])
    return last


def audited(database: TestDatabase) -> list[tuple[Any, ...]]:
    with database.connect("postgres") as connection:
        return connection.execute(
            "SELECT object_kind, count(*) FROM audit_events WHERE actor_kind = 'register' GROUP BY 1 ORDER BY 1"
        ).fetchall()


@pytest.mark.parametrize("format_", STREAMS)
def test_a_stream_tells_every_result_and_where_to_go_on(
    client: FlaskClient, bearer: dict[str, str], released: Released, database: TestDatabase, format_: str
) -> None:
    """B9, B10"""
    expected = [released() for _ in range(3)]
    answer = feed(client, bearer, format=format_)
    assert told(answer, format_) == expected
    assert answer.headers["Feed-Truncated"] == "false"
    assert audited(database) == [("response", 3)]
    assert told(feed(client, bearer, format=format_, cursor=answer.headers["Feed-Next-Cursor"]), format_) == []


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/x-ndjson", "application/x-ndjson"),
        ("application/fhir+ndjson", "application/fhir+ndjson"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("application/json", "application/json"),
        ("text/csv;q=0.5, application/fhir+ndjson", "application/fhir+ndjson"),
        ("*/*", "application/json"),
    ],
)
def test_the_accept_header_decides_the_format(
    client: FlaskClient, bearer: dict[str, str], accept: str, content_type: str
) -> None:
    """B9"""
    answer = feed(client, bearer | {"Accept": accept})
    assert (answer.status_code, answer.content_type) == (200, content_type)


def test_a_form_that_cannot_be_had_is_refused(client: FlaskClient, bearer: dict[str, str]) -> None:
    """B12"""
    answer = feed(client, bearer | {"Accept": "application/pdf"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad-input")
    assert feed(client, bearer, format="xml").status_code == 422
    assert feed(client, bearer, format="json", limit=1001).status_code == 422
    assert feed(client, bearer, format="csv", limit=100_001).status_code == 422


@pytest.mark.parametrize("format_", STREAMS)
def test_a_limit_cuts_the_stream_and_the_stream_says_so(
    client: FlaskClient, bearer: dict[str, str], released: Released, format_: str
) -> None:
    """B9: truncation is said, never silent."""
    expected = [released() for _ in range(3)]
    first = feed(client, bearer, format=format_, limit=2)
    rest = feed(client, bearer, format=format_, limit=2, cursor=first.headers["Feed-Next-Cursor"])
    assert [told(first, format_), told(rest, format_)] == [expected[:2], expected[2:]]
    assert [one.headers["Feed-Truncated"] for one in (first, rest)] == ["true", "false"]
    if format_ == "ndjson":
        assert (ending(first)["truncated"], ending(rest)["truncated"]) == (True, False)
        assert ending(first)["next_cursor"] == first.headers["Feed-Next-Cursor"]


def test_a_pull_says_how_far_back_it_looked(
    client: FlaskClient, bearer: dict[str, str], released: Released, world: World, clock
) -> None:
    """B9"""
    released()
    today = local_day(clock())
    ago, ahead = ((today + timedelta(days=days)).isoformat() for days in (-1, 1))
    assert len(told(feed(client, bearer, format="ndjson", completed_from=ago), "ndjson")) == 1
    later = feed(client, bearer, format="ndjson", completed_from=ahead)
    assert told(later, "ndjson") == []
    assert ending(later)["look_back"] == {"completed_from": ahead, "released_from": ago}
    assert later.headers["Feed-Completed-From"] == ahead
    page = feed(client, bearer, completed_from=ahead).get_json()
    assert (page["entries"], page["look_back"]["completed_from"]) == ([], ahead)


def test_what_is_packed_is_the_same(client: FlaskClient, bearer: dict[str, str], released: Released) -> None:
    released()
    for format_ in ("json", "csv"):
        plain = feed(client, bearer, format=format_)
        packed = feed(client, bearer | {"Accept-Encoding": "gzip"}, format=format_)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.get_data()) == plain.get_data()


def test_who_has_the_newest_is_told_that_nothing_has_come_and_that_is_logged(
    client: FlaskClient, bearer: dict[str, str], released: Released, database: TestDatabase
) -> None:
    """B10"""
    released()
    etag = feed(client, bearer).headers["ETag"]
    unchanged = feed(client, bearer | {"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.get_data()) == (304, b"")
    assert audited(database) == [("feed_unchanged", 1), ("response", 1)]
    assert feed(client, bearer | {"If-None-Match": etag}, format="csv").status_code == 200
    released()
    assert feed(client, bearer | {"If-None-Match": etag}).status_code == 200


def test_an_unchanged_feed_is_told_for_the_one_purpose_only(client: FlaskClient, bearer: dict[str, str]) -> None:
    """B2"""
    etag = feed(client, bearer).headers["ETag"]
    answer = feed(client, bearer | {"If-None-Match": etag}, purpose="research")
    assert answer.status_code == 400


def test_pages_within_a_stream_leave_no_gap(
    client: FlaskClient, bearer: dict[str, str], released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B9"""
    monkeypatch.setattr(feed_module, "_PAGE", 2)
    expected = [released() for _ in range(5)]
    for format_ in STREAMS:
        assert told(feed(client, bearer, format=format_), format_) == expected


@pytest.mark.parametrize("format_", STREAMS)
def test_a_reader_who_streams_while_others_release_misses_nothing_and_can_ask_again(
    app: Flask,
    world: World,
    bearer: dict[str, str],
    database: TestDatabase,
    format_: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """B9"""
    monkeypatch.setattr(feed_module, "_PAGE", 3)
    waiting = []
    for _ in range(16):
        patient, occasion = world.enrol()
        waiting += world.answer(patient, occasion)
    for response_id in waiting:
        open_response(world.services, response_id, as_=world.alice)
    seen: list[str] = []
    cursors: list[str | None] = [None]

    def read_until_all_is_seen() -> None:
        reader = app.test_client()
        for _attempt in range(2000):
            has_ended = all(one.done() for one in releases)
            query = {"cursor": cursors[-1]} if cursors[-1] else {}
            answer = feed(reader, bearer, format=format_, limit=7, **query)
            seen.extend(told(answer, format_))
            cursors.append(answer.headers["Feed-Next-Cursor"])
            if has_ended and answer.headers["Feed-Truncated"] == "false":
                return

    with ThreadPoolExecutor(5) as pool:
        releases = [pool.submit(release_batch, world.services, [one], as_=world.system) for one in waiting]
        pool.submit(read_until_all_is_seen).result()
    assert [one.result() for one in releases] == [1] * len(waiting)
    assert sorted(seen) == sorted(references(database, waiting))
    again = feed(app.test_client(), bearer, format=format_)
    assert told(again, format_) == seen
    assert all(is_further(one, other) for one, other in pairwise(cursors) if one and other)


def is_further(one: str, other: str) -> bool:
    from survey_service.registers.rules import read_cursor

    return read_cursor(one).position <= read_cursor(other).position


def test_what_a_patient_takes_back_during_a_stream_is_not_told_after_that(
    world: World, released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B4"""
    monkeypatch.setattr(feed_module, "_PAGE", 1)
    released()
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    release_batch(world.services, [response_id], as_=world.system)
    begun = begin_pull(world.services, cursor=None, limit=10, purpose=ACCEPTED_PURPOSE, as_=world.register)
    running = pages(world.services, begun)
    (first,) = next(running)
    object_to_register(world.services, world.register.register_id, as_=patient)
    (second,) = next(running)
    assert (first.is_told, second.is_told) == (True, False)


def test_a_register_suspended_during_a_stream_gets_no_further(
    world: World, released: Released, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B7"""
    monkeypatch.setattr(feed_module, "_PAGE", 1)
    released()
    released()
    begun = begin_pull(world.services, cursor=None, limit=10, purpose=ACCEPTED_PURPOSE, as_=world.register)
    running = pages(world.services, begun)
    next(running)
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE registers SET state = 'suspended' WHERE code = 'first'")
    with pytest.raises(NotSignedIn):
        next(running)


def seal(world: World, database: TestDatabase, content: dict[str, Any]) -> UUID:
    """Seal this into the one release, as the worker does; returns whose it is."""
    with database.connect("postgres") as connection:
        release_id, person_id = connection.execute("SELECT id, person_id FROM releases").fetchone()
        cipher = world.services.keys.cipher(person_id)
        sealed = cipher.seal(json.dumps(content), table="releases", column="sealed", row=str(release_id))
        connection.execute("UPDATE releases SET sealed = %s", [sealed])
    return person_id


def test_what_is_sealed_is_opened_as_it_is_told(
    client: FlaskClient, bearer: dict[str, str], released: Released, world: World, database: TestDatabase
) -> None:
    """B3"""
    released()
    seal(world, database, {"subject": "191212121212", "answers": [{"item": "a", "kind": "value", "value": 3}]})
    (entry,) = feed(client, bearer).get_json()["entries"]
    assert entry["result"]["subject"] == "191212121212"
    assert entry["result"]["answers"] == [{"item": "a", "kind": "value", "value": 3}]


@pytest.mark.parametrize("format_", ["json", *STREAMS])
def test_of_an_erased_person_what_was_sealed_is_told_as_erased(
    client: FlaskClient, bearer: dict[str, str], released: Released, world: World, database: TestDatabase, format_: str
) -> None:
    """G3"""
    released()
    world.services.keys.destroy(seal(world, database, {"subject": "191212121212"}))
    answer = feed(client, bearer, format=format_)
    assert answer.status_code == 200
    assert "erased" in answer.get_data(as_text=True)
    assert "191212121212" not in answer.get_data(as_text=True)


def test_a_correction_whose_release_is_gone_still_takes_the_earlier_back(
    client: FlaskClient, bearer: dict[str, str], released: Released, database: TestDatabase
) -> None:
    """B9: whoever has the first result must forget it, though what stood in for it is gone too."""
    released()
    with database.connect("postgres") as connection:
        (first,) = connection.execute("SELECT id FROM releases").fetchone()
        connection.execute("DELETE FROM releases")
        connection.execute(
            "SELECT append_entry(register_id, 'corrected', gen_random_uuid(), %s, NULL) FROM register_feeds"
            " WHERE last > 0",
            [first],
        )
    assert feed(client, bearer).get_json()["entries"] == [{"kind": "withdrawn", "id": str(first)}]


def test_fhir_names_the_response_as_the_register_knows_it(
    client: FlaskClient, bearer: dict[str, str], released: Released, register_key: ECKey
) -> None:
    reference = released()
    answer = client.get(
        FEED, query_string={"purpose": ACCEPTED_PURPOSE, "format": "fhir"}, headers=bearer, base_url=BASE_URL
    )
    first = json.loads(answer.get_data(as_text=True).splitlines()[0])
    assert first["derivedFrom"] == [
        {"type": "QuestionnaireResponse", "identifier": {"system": RESPONSE_IDS, "value": reference}}
    ]
