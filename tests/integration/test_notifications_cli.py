"""``survey notifications``: what the operator sees and does, without anything of anybody."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from survey_service.cli import main
from survey_service.settings import Settings
from tests.conftest import TestClock, TestDatabase
from tests.integration.enrolments import rows
from tests.integration.notices import dispatch
from tests.operating import environment_of
from tests.unit.notifying.reports import notification
from tests.world import World

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)

    def run(*words: str, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(main, ["notifications", *words], input=stdin)

    return run


def heard(database: TestDatabase) -> list[tuple[object, ...]]:
    return rows(database, "SELECT dispatch_id, outcome, code FROM dispatch_receipts ORDER BY dispatch_id")


def test_a_message_is_shown_as_it_would_leave(run: Run, world: World, tmp_path: Path) -> None:
    for format in ("email", "sms", "letter", "note"):
        shown = run("preview", format, "--sender", "Region Ett")
        assert shown.exit_code == 0, shown.output
        assert "survey.test" in shown.output
    letter = tmp_path / "letter.pdf"
    assert run("preview", "letter", "--code", "--output", str(letter)).exit_code == 0
    assert letter.read_bytes().startswith(b"%PDF")


def test_a_language_that_there_is_none_of_is_named(run: Run, world: World) -> None:
    refused = run("preview", "sms", "--locale", "xx")
    assert (refused.exit_code, "sv" in refused.output) == (1, True)


def test_what_is_due_is_counted_by_provider(run: Run, world: World) -> None:
    world.enrol()
    world.enrol(by=world.charlie)
    shown = run("due").output
    assert "Region Ett" in shown
    assert "Bolag Två" in shown


def test_what_was_given_up_is_listed_and_sent_again(run: Run, world: World, database: TestDatabase) -> None:
    first = dispatch(database, world.enrol()[1], outcomes=("technical", "given_up"), gateway="mail")
    second = dispatch(database, world.enrol()[1], outcomes=("temporary", "given_up"), gateway="other")
    fine = dispatch(database, world.enrol()[1], outcomes=("sent",))
    listed = run("dead").output
    assert str(first) in listed
    assert str(second) in listed
    assert str(fine) not in listed
    assert run("retry", str(first), str(fine)).output.startswith("1 of 2")
    assert run("retry", "--gateway", "other").output.startswith("1 of 1")
    assert run("retry", "--gateway", "other").output.startswith("0 of 0")
    assert run("dead").output == "None.\n"
    assert rows(database, "SELECT count(*) FROM dispatch_attempts WHERE outcome = 'revived'") == [(2,)]


def test_a_bounce_is_noted_and_a_delay_is_not(run: Run, world: World, database: TestDatabase) -> None:
    """C1"""
    sent = dispatch(database, world.enrol()[1], outcomes=("sent",))
    assert run("bounce", stdin=notification("delayed", "4.4.1", key=str(sent))).exit_code == 1
    assert heard(database) == []
    assert run("bounce", stdin=notification("failed", "5.1.1", key=str(sent))).exit_code == 0
    assert heard(database) == [(sent, "bounced", "5.1.1")]
    assert run("bounce", stdin=notification("failed", "5.1.1", key=str(uuid4()))).exit_code == 1


def test_a_folder_of_bounces_is_read_once(run: Run, world: World, database: TestDatabase, tmp_path: Path) -> None:
    sent = dispatch(database, world.enrol()[1], outcomes=("sent",))
    new = tmp_path / "new"
    new.mkdir()
    (new / "1").write_bytes(notification("failed", "5.1.1", key=str(sent)))
    (new / "2").write_bytes(b"From: anna@example.se\n\nHej!\n")
    shown = run("bounce", str(tmp_path)).output
    assert "anna" not in shown
    assert heard(database) == [(sent, "bounced", "5.1.1")]
    assert sorted(path.name for path in (tmp_path / "cur").iterdir()) == ["1:2,S", "2:2,S"]
    assert run("bounce", str(tmp_path)).output == ""


def test_letters_that_came_back_are_noted_row_by_row_and_once(
    run: Run, world: World, database: TestDatabase, tmp_path: Path, clock: TestClock
) -> None:
    """C1"""
    first, second = (dispatch(database, world.enrol()[1], channel="letter", outcomes=("sent",)) for _ in range(2))
    file = tmp_path / "returned.csv"
    file.write_text(f"key;why\n{first};flyttat\nsmudged;?\n{uuid4()};?\n{second};okänd\n")
    for _ in range(2):
        shown = run("returned", str(file))
        assert shown.exit_code == 1
        assert shown.output.splitlines() == [
            "Row 3: there is no key of a letter.",
            "Row 4: no letter of ours has this key.",
            "2 letters noted, 2 rows wrong.",
        ]
    assert [one[:2] for one in heard(database)] == sorted([(first, "returned"), (second, "returned")])


def test_a_gateway_that_is_not_there_is_named(run: Run, world: World) -> None:
    refused = run("send-test", "nobody", "--to", "x@example.se")
    assert (refused.exit_code, "mail" in refused.output) == (1, True)
