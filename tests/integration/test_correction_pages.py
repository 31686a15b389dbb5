"""Correcting and voiding in the browser, and what the patient then reads."""

import re
from html import unescape
from itertools import pairwise
from uuid import UUID

import pytest
from flask import Flask
from jinja2 import StrictUndefined

from survey_service.delivery.queries import current_version
from survey_service.delivery.use_cases import open_response
from tests.browsing import Visitor
from tests.integration.sittings import Controls
from tests.world import World


@pytest.fixture
def strict(app: Flask) -> Flask:
    app.jinja_env.undefined = StrictUndefined
    return app


def text(visitor: Visitor, path: str) -> str:
    return unescape(visitor.get(path).get_data(as_text=True))


def ticked(visitor: Visitor, page: str) -> dict[str, str]:
    """What the form holds before anything is changed, as a browser would send it."""
    controls = Controls(visitor.get(page).get_data(as_text=True))
    return {name: values[-1] for name, values in controls.values.items() if name.startswith("value-")}


def version(world: World, response_id: UUID) -> int:
    with world.services.db.transaction(as_=world.alice) as connection:
        return current_version(connection, [response_id])[response_id].number


def opened(world: World, app: Flask, *, protocol: str = "eq5d-only") -> tuple[Visitor, Visitor, UUID, str]:
    """The clinician, the patient, the response and the patient's page of the survey."""
    identity = world.new_identity()
    patient, occasion = world.enrol(identity, protocol=protocol)
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    clinician = Visitor(app, world.staff_cookie(world.alice))
    return clinician, Visitor(app, world.patient_cookie(identity)), response_id, f"/surveys/{occasion.id}/done"


def test_a_clinician_corrects_after_having_seen_the_scores_before_and_after(world: World, strict: Flask) -> None:
    """B9"""
    clinician, patient, response_id, survey = opened(world, strict)
    page = f"/staff/responses/{response_id}/correction"
    assert page in text(clinician, f"/staff/responses/{response_id}")
    fields = ticked(clinician, page)
    assert fields["value-vas"] == "2"
    changed = fields | {"value-vas": "80", "reason": "other", "explanation": "Du ringde i går."}

    shown = clinician.submit(page, page, **changed)
    assert shown.status_code == 200
    assert version(world, response_id) == 1
    figures = re.findall(r'<td class="figure">([^<]+)</td>', shown.get_data(as_text=True))
    assert ("2", "80") in pairwise(figures)

    saved = clinician.submit(page, page, confirmed="1", **changed)
    assert saved.location.endswith(f"/staff/responses/{response_id}")
    assert version(world, response_id) == 2
    after = text(clinician, saved.location)
    assert "Du ringde i går." in after
    assert f"/staff/responses/{response_id}/versions/1" in after
    assert "Du ringde i går." in text(patient, survey)
    assert clinician.get(f"/staff/responses/{response_id}/versions/1").status_code == 200
    for page in ("/staff", "/inbox", "/my-data"):
        assert (clinician if page == "/staff" else patient).get(page).status_code == 200


def test_an_adaptive_test_shows_the_questions_that_were_asked(world: World, strict: Flask) -> None:
    clinician, _, response_id, _ = opened(world, strict, protocol="anxiety-only")
    page = f"/staff/responses/{response_id}/correction"
    fields = ticked(clinician, page)
    assert len(fields) >= 4
    first = next(iter(fields))
    sent = fields | {first: "5", "reason": "slip"}
    assert clinician.submit(page, page, **sent).status_code == 200
    assert clinician.submit(page, page, confirmed="1", **sent).status_code == 303


@pytest.mark.parametrize(
    "wrong",
    [
        {"value-vas": "101"},
        {"value-vas": "eighty"},
        {"value-mobility": "6"},
        {"value-vas": "80", "reason": ""},
        {"value-vas": "80", "reason": "other", "explanation": " "},
        {},
    ],
    ids=str,
)
def test_what_cannot_be_corrected_so_is_said_on_the_page_and_nothing_is_saved(
    world: World, strict: Flask, wrong: dict[str, str]
) -> None:
    """B12"""
    clinician, _, response_id, _ = opened(world, strict)
    page = f"/staff/responses/{response_id}/correction"
    fields = ticked(clinician, page) | {"reason": "slip"} | wrong
    for confirmed in ({}, {"confirmed": "1"}):
        answer = clinician.submit(page, page, **fields, **confirmed)
        assert answer.status_code == 400
        assert "error-summary" in answer.get_data(as_text=True)
    assert version(world, response_id) == 1


def test_a_voided_response_says_so_to_the_unit_and_the_patient(world: World, strict: Flask) -> None:
    """B9"""
    clinician, patient, response_id, survey = opened(world, strict)
    page = f"/staff/responses/{response_id}/voiding"
    assert clinician.submit(page, page).status_code == 400
    before = text(patient, survey)
    assert clinician.submit(page, page, reason="wrong_patient").status_code == 303
    shown = text(clinician, f"/staff/responses/{response_id}")
    assert "correction" not in shown
    assert text(patient, survey) != before
    assert clinician.get(page).status_code == 303
    assert clinician.get(f"/staff/responses/{response_id}/correction").status_code == 303
    for path in ("/staff", f"/staff/responses/{response_id}/versions/1"):
        assert clinician.get(path).status_code == 200
    for path in ("/inbox", "/my-data"):
        assert patient.get(path).status_code == 200


def test_a_colleague_who_comes_second_is_told(world: World, strict: Flask) -> None:
    clinician, _, response_id, _ = opened(world, strict)
    page = f"/staff/responses/{response_id}/correction"
    fields = ticked(clinician, page) | {"reason": "slip", "value-vas": "80"}
    late = clinician.page(page).form(page).fields
    assert clinician.submit(page, page, confirmed="1", **fields).status_code == 303
    answer = clinician.raw_post(
        page,
        data={
            **late,
            **fields,
            "value-vas": "70",
            "confirmed": "1",
            "request_id": "00000000-0000-7000-8000-000000000001",
        },
    )
    assert answer.status_code == 409
    assert version(world, response_id) == 2
