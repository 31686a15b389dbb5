"""Protocols on the pages: nothing typed is lost, files go in and out, and rules are kept when somebody is enrolled."""

import csv
from collections.abc import Callable, Mapping
from datetime import timedelta
from html import unescape
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from jinja2 import StrictUndefined

from survey_service.cli import main
from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.scheduling.drafting import open_draft
from survey_service.scheduling.protocol_fields import fields_of
from survey_service.scheduling.protocol_files import read_file, write_file
from survey_service.scheduling.rules import BodySide
from survey_service.scheduling.use_cases import Order, enrol_patient, publish_protocol
from tests.browsing import Visitor
from tests.world import World, protocol_definition

ROOT = Path(__file__).parents[2]


@pytest.fixture
def manager(app: Flask, world: World) -> Visitor:
    app.jinja_env.undefined = StrictUndefined
    return Visitor(app, world.staff_cookie(world.bob))


@pytest.fixture
def edit(world: World) -> str:
    return f"/staff/protocols/{world.protocols['anxiety-only']}/edit"


Save = Callable[..., Any]


@pytest.fixture
def save(manager: Visitor, edit: str) -> Save:
    """Send the form as a browser would that shows the published version, with what was changed in it."""

    def send(**changes: str) -> Any:
        fields = fields_of(protocol_definition("anxiety-only", ["promis-anxiety"]))
        return manager.post(edit, page="/staff/protocols", **{**fields, "step": "save", **changes})

    return send


@pytest.fixture
def kept(world: World) -> Callable[[], Mapping[str, str]]:
    """The fields of the manager's draft, or of what a new one begins with."""
    return lambda: open_draft(world.services, world.protocols["anxiety-only"], as_=world.bob).fields


def test_no_page_of_protocols_lacks_a_variable(
    manager: Visitor, world: World, edit: str, save: Save, run_jobs: Callable[[], None]
) -> None:
    world.enrol(by=world.bob)
    world.enrol(by=world.alice)
    page = edit.removesuffix("/edit")
    save(step="add")
    visited = [manager.get(path).status_code for path in ("/staff/protocols", page, edit, f"{edit}?check=1")]
    save(step="remove-2", o1_due_day="2")
    visited += [manager.get(f"{page}/{end}").status_code for end in ("preview", "preview.csv", "file")]
    assert manager.submit(f"{page}/preview", f"{page}/publication").status_code == 303
    visited.append(manager.get(page).status_code)
    run_jobs()
    visited += [manager.get(path).status_code for path in (page, "/staff/protocols", edit, f"{page}/preview")]
    assert set(visited) == {200}


def test_whatever_is_typed_is_kept_right_or_not(save: Save, kept: Any) -> None:
    save(name_sv="", o1_due_day="snart")
    assert (kept()["name_sv"], kept()["o1_due_day"]) == ("", "snart")


def test_a_draft_that_is_thrown_away_is_gone(save: Save, kept: Any) -> None:
    save(name_sv="Nytt")
    save(name_sv="Nyare", step="discard")
    assert kept()["name_sv"] == "Uppföljning"


def test_the_preview_as_a_file_has_every_row_and_no_identity(
    manager: Visitor, world: World, edit: str, save: Save
) -> None:
    """G3: what leaves the page names enrolments; the other unit's are counted and not shown."""
    who = world.new_identity()
    _, occasion = world.enrol(who, by=world.bob)
    world.enrol(by=world.alice)
    save(o1_due_day="2")
    text = manager.get(edit.replace("/edit", "/preview.csv")).get_data(as_text=True)
    rows = list(csv.DictReader(StringIO(text)))
    assert [(row["enrolment"], row["change"]) for row in rows] == [(str(occasion.enrolment_id), "moved")]
    assert who.number not in text
    page = unescape(manager.get(edit.replace("/edit", "/preview")).get_data(as_text=True))
    assert "2 tillfällen flyttas" in page


def test_whose_plan_was_looked_at_is_logged(
    manager: Visitor, world: World, edit: str, save: Save, database: Any
) -> None:
    """A6"""
    patient, occasion = world.enrol(by=world.bob)
    save(o1_due_day="2")
    manager.get(edit.replace("/edit", "/preview"))
    with database.connect("survey_owner") as connection:
        logged = connection.execute(
            "SELECT object_id FROM audit_events WHERE activity = 'Läsa' AND person_id = %s", [patient.person_id]
        ).fetchall()
    assert logged == [(occasion.enrolment_id,)]


def test_a_file_becomes_a_protocol_and_comes_back_the_same(manager: Visitor, run_jobs: Callable[[], None]) -> None:
    written = (ROOT / "examples/protocols/pain-diary.toml").read_text(encoding="utf-8")
    begun = manager.submit("/staff/protocols", "/staff/protocols", file=written)
    page = begun.location.removesuffix("/edit")
    assert manager.submit(f"{page}/preview", f"{page}/publication").status_code == 303
    assert read_file(manager.get(f"{page}/file").get_data(as_text=True)) == read_file(written)


def test_a_file_can_be_uploaded_too(manager: Visitor, edit: str, kept: Any) -> None:
    changed = {**protocol_definition("anxiety-only", ["promis-anxiety"]), "names": {"sv": "Ur fil"}}
    upload = (BytesIO(write_file(changed).encode()), "plan.toml")
    page = edit.replace("/edit", "/file")
    answer = manager.raw_post(page, data={"csrf_token": manager.token(edit), "upload": upload})
    assert answer.status_code == 303
    assert kept()["name_sv"] == "Ur fil"


@pytest.mark.parametrize("text", ["code = ", "code = 'another'", "\x00", "a = " + "[" * 2000])
def test_a_file_that_is_no_protocol_is_refused_in_a_sentence_and_kept_on_the_page(
    manager: Visitor, edit: str, text: str
) -> None:
    answer = manager.submit(edit, edit.replace("/edit", "/file"), file=text)
    assert answer.status_code == 400
    assert 'id="file-error"' in answer.get_data(as_text=True)


def test_what_was_not_looked_at_is_not_applied_from_another_window(manager: Visitor, edit: str, save: Save) -> None:
    """Two windows: the one that shows an old preview is told to look again."""
    page = edit.removesuffix("/edit")
    save(o1_due_day="2")
    old = manager.page(f"{page}/preview").form(f"{page}/publication").fields["seen"]
    save(o1_due_day="3")
    assert manager.post(f"{page}/publication", page=edit, seen=old).status_code == 409


def order(world: World, definition: dict[str, Any], **changes: Any) -> Order:
    protocol_id = publish_protocol(world.services, provider_id=world.alice.provider_id, definition=definition)
    values: dict[str, Any] = {
        "identity": world.new_identity(),
        "protocol_id": protocol_id,
        "anchor_date": local_day(world.services.clock()),
        "care_contact": "Visit",
        "request_id": new_id(),
    }
    return Order(**(values | changes))


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"side": "required"}, "side"),
        ({"procedure": "required"}, "procedure_id"),
        ({"inclusion": {"age_to": 12}}, "protocol"),
        ({"inclusion": {"diagnoses": ["M17"]}}, "diagnoses"),
        ({"inclusion": {"languages": ["fi"]}}, "language"),
        ({"inclusion": {"scores": [{"variable": "x.t", "at_least": 1, "within_days": 9}]}}, "protocol"),
        ({"exclusion": {"age_from": 18}}, "protocol"),
    ],
)
def test_an_order_that_a_rule_refuses_enrols_nobody(world: World, rules: dict[str, Any], field: str) -> None:
    """A2: and is told which, at its field."""
    asked = order(world, {**protocol_definition("ruled", ["eq5d-5l"]), **rules})
    with pytest.raises(BadInput) as refused:
        enrol_patient(world.services, asked, as_=world.alice)
    assert list(refused.value.fields) == [field]


def test_an_order_that_says_what_is_asked_is_taken(world: World) -> None:
    ruled = {
        **protocol_definition("ruled", ["eq5d-5l"]),
        "side": "required",
        "procedure": "required",
        "inclusion": {"diagnoses": ["M17"], "age_from": 18},
    }
    said = order(world, ruled, side=BodySide.LEFT, procedure_id="NGB49", diagnoses=("M17.1",))
    assert enrol_patient(world.services, said, as_=world.alice)


def test_an_earlier_result_at_the_unit_opens_a_protocol_and_one_elsewhere_does_not(world: World) -> None:
    """A2"""
    who = world.new_identity()
    patient, occasion = world.enrol(who)
    world.answer(patient, occasion)
    scores = [{"variable": "promis_anxiety.t", "at_least": 0, "within_days": 30}]
    ruled = {**protocol_definition("ruled", ["eq5d-5l"]), "inclusion": {"scores": scores}}
    asked = order(world, ruled, identity=who)
    assert enrol_patient(world.services, asked, as_=world.alice)
    with pytest.raises(BadInput):
        enrol_patient(world.services, order(world, ruled, identity=who), as_=world.bob)


def test_a_file_is_checked_from_the_command_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["protocols", "check", str(ROOT / "examples/protocols/ten-years.toml"), "--from", "2027-03-01"]
    )
    assert result.exit_code == 0
    assert "year.10" in result.output
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("colour = 'blue'")
    refused = CliRunner().invoke(main, ["protocols", "check", str(wrong)])
    assert (refused.exit_code, "colour" in refused.output) == (1, True)


def test_an_anchor_ten_years_back_still_has_its_last_year(world: World) -> None:
    """A2: what has closed is left out, and the rest is asked."""
    definition = read_file((ROOT / "examples/protocols/ten-years.toml").read_text(encoding="utf-8"))
    asked = order(world, definition, anchor_date=local_day(world.services.clock()) - timedelta(days=3 * 365))
    assert enrol_patient(world.services, asked, as_=world.alice)
