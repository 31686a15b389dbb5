"""The log says what happened to which ids, and never a value."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from survey_service.foundation.logging import (
    ALLOWED_FIELDS,
    configure_logging,
    describe_exception,
    get_logger,
    keep_allowed_fields,
)

SERVICE = Path(__file__).parents[3] / "survey_service"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    structlog.contextvars.clear_contextvars()
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


class Unspeakable(Exception):
    """Holds what must not be printed."""


def fail(answer: str) -> None:
    raise Unspeakable(f"the answer was {answer}")


def logged_failure(capsys: pytest.CaptureFixture[str], *, as_json: bool = True) -> str:
    configure_logging(json=as_json)
    try:
        fail("4711 dreadful")
    except Unspeakable as error:
        get_logger().error("job.failed", job="x", exc_info=error)
    return capsys.readouterr().err


@pytest.mark.parametrize("as_json", [True, False])
def test_an_exception_is_logged_by_its_type_and_places_and_never_by_its_message(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    written = logged_failure(capsys, as_json=as_json)
    assert "dreadful" not in written
    assert "4711" not in written
    assert "Unspeakable" in written
    assert "test_logging.py" in written


def test_the_places_are_file_line_and_function(capsys: pytest.CaptureFixture[str]) -> None:
    event = json.loads(logged_failure(capsys))
    assert event["places"][-1].startswith("foundation/test_logging.py:")
    assert event["places"][-1].endswith(":fail")


def test_at_most_eight_places_are_kept() -> None:
    def deeper(depth: int) -> None:
        if depth == 0:
            raise Unspeakable
        deeper(depth - 1)

    with pytest.raises(Unspeakable) as raised:
        deeper(30)
    assert len(describe_exception(None, "", {"exc_info": raised.value})["places"]) == 8


def test_exc_info_true_means_the_exception_being_handled() -> None:
    try:
        fail("x")
    except Unspeakable:
        assert describe_exception(None, "", {"exc_info": True})["error"] == "Unspeakable"
    assert describe_exception(None, "", {"exc_info": True}) == {}


def test_of_a_database_error_the_state_is_told_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    class Original(Exception):
        sqlstate = "23505"

    configure_logging(json=True)
    error = sa.exc.IntegrityError("INSERT INTO answers", {"value": "dreadful"}, Original("Key (value)=(dreadful)"))
    get_logger().error("request.failed", exc_info=error)
    event = json.loads(capsys.readouterr().err)
    assert event["sqlstate"] == "23505"
    assert "dreadful" not in json.dumps(event)


@pytest.mark.parametrize(
    "field", ["answer", "value", "name", "email", "token", "personal_number", "path", "url", "person_id"]
)
def test_a_field_that_is_not_known_to_be_harmless_is_dropped(capsys: pytest.CaptureFixture[str], field: str) -> None:
    """G2"""
    configure_logging(json=True)
    get_logger().info("request", status=200, **{field: "dreadful"})
    event = json.loads(capsys.readouterr().err)
    assert set(event) == {"event", "status", "level", "timestamp"}


def test_what_was_bound_to_the_context_is_dropped_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(json=True)
    structlog.contextvars.bind_contextvars(request_id="1", name="dreadful")
    get_logger().info("request")
    event = json.loads(capsys.readouterr().err)
    assert event["request_id"] == "1"
    assert "name" not in event


def test_every_allowed_field_passes_and_the_list_names_no_content() -> None:
    event = dict.fromkeys(ALLOWED_FIELDS, 1)
    assert keep_allowed_fields(None, "", dict(event)) == event
    assert not ALLOWED_FIELDS & {"message", "detail", "value", "answer", "name", "email", "token", "path", "person_id"}


def _logged_fields() -> Iterator[tuple[str, str]]:
    """File and field of every line that the service writes."""
    for file in sorted(SERVICE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_logger")))):
                    yield from ((file.name, one.arg) for one in node.keywords if one.arg)


def test_nothing_is_written_to_the_log_only_to_be_dropped() -> None:
    """G2: a line that leaves out what it was to tell is of no use to who is called at night."""
    dropped = {(file, field) for file, field in _logged_fields() if field not in ALLOWED_FIELDS | {"exc_info"}}
    assert dropped == set()
