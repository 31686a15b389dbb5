"""Answering: whole sessions, and everything that a form, a finger or a second device can do wrong in one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html.parser import HTMLParser
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from instruments import Ask, Complete, Provenance, Score, series_of
from survey_service.answering.queries import response, scores_of
from survey_service.answering.rules import Submission, read_answer
from survey_service.answering.use_cases import (
    NOTICE_VERSION,
    SessionState,
    look_at_session,
    next_session,
    record_answer,
    start_survey,
)
from survey_service.errors import AccessDenied, BadInput, Closed, SurveyServiceError
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient
from survey_service.people.rules import Identity
from survey_service.scheduling.queries import Occasion
from tests.browsing import Visitor
from tests.world import World, protocol_definition, submission_for

# Burström et al. 2020, doi:10.1007/s40273-020-00905-7.
SWEDEN_2020 = {"11111": 0.9755, "12345": 0.4972, "21232": 0.8166, "55555": 0.2433}
PAST_THE_WINDOW = timedelta(days=16)


# ---- what there is to look at


@pytest.fixture
def rows(database) -> Callable[[str], list[tuple]]:
    """What the database holds, seen past every policy."""

    def fetch(query: str, *values: object) -> list[tuple]:
        with database.connect("postgres") as connection:
            return connection.execute(query, values).fetchall()

    return fetch


@pytest.fixture
def log(rows) -> Callable[[UUID], list[tuple]]:
    return lambda session_id: rows(
        "SELECT sequence, item_id, kind, supersedes FROM answers WHERE session_id = %s ORDER BY sequence", session_id
    )


class Visits:
    """Patients at the first question of a protocol, and their other devices."""

    def __init__(self, world: World, app: Flask) -> None:
        self._world, self._app = world, app
        self._identities: dict[UUID, Identity] = {}

    def __call__(self, protocol: str = "eq5d-only", **identity: str) -> tuple[Visitor, Patient, str]:
        """Who has been shown the notice: the browser, the patient, the address of the question."""
        who = self._world.new_identity(**identity)
        patient, occasion = self._world.enrol(who, protocol=protocol)
        self._identities[patient.person_id] = who
        visitor = self.device(patient)
        started = visitor.submit(f"/surveys/{occasion.id}", "/surveys/")
        assert started.status_code == 303
        return visitor, patient, started.headers["Location"]

    def device(self, patient: Patient) -> Visitor:
        """Another device of the patient, with a sign-in of its own."""
        return Visitor(self._app, self._world.patient_cookie(self._identities[patient.person_id]))


@pytest.fixture
def visit(world: World, app: Flask) -> Visits:
    return Visits(world, app)


def answer_fields(visitor: Visitor, path: str) -> dict[str, str]:
    return dict(visitor.page(path).form("/sessions/").fields)


def play(world: World, patient: Patient, state: SessionState, values: list[int | None]) -> SessionState:
    for value in values:
        state = world.give(state, patient, value=value)
    return state


def scored(world: World, patient: Patient, response_id: UUID) -> dict[str, Score]:
    with world.services.db.transaction(as_=patient) as connection:
        return {score.variable: score for score in scores_of(connection, [response_id])[response_id]}


def response_of(rows, state: SessionState) -> UUID:
    ((response_id,),) = rows("SELECT id FROM responses WHERE session_id = %s", state.session.id)
    return response_id


def test_every_score_records_all_that_made_it(world: World, rows) -> None:
    """D3: instrument, wording, respondent, mode, value set, and the version of the computation."""
    patient, occasion = world.enrol(protocol="eq5d-only")
    state = play(world, patient, world.start(patient, occasion), [1, 2, 3, 4, 5, 60])
    response_id = response_of(rows, state)
    with world.services.db.transaction(as_=patient) as connection:
        found = response(connection, response_id)
        assert found is not None
        index = next(one for one in scores_of(connection, [response_id])[response_id] if one.variable.endswith("index"))
    assert found.provenance == Provenance(
        instrument="eq5d-5l",
        instrument_version="1.0",
        form="",
        wording=str(state.session.wording_id),
        locale="sv",
        respondent="self",
        mode="web",
    )
    made_by = series_of(index, found.provenance)
    assert (made_by.method, made_by.algorithm) == (
        "value set SE-2020-TTO, doi:10.1007/s40273-020-00905-7",
        "eq5d-index/1",
    )
    assert made_by.method_hash.startswith("sha256:")


class Heading(HTMLParser):
    """The question on a page, and the sentences that say what is wrong."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.text = ""
        self.errors: list[str] = []
        self._inside: list[str] = []
        self.feed(response.get_data(as_text=True))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if dict(attrs).get("class") == "field-error":
            self.errors.append("")
            self._inside.append("error")
        elif tag == "h1":
            self._inside.append("h1")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and ((tag == "p" and self._inside[-1] == "error") or tag == self._inside[-1]):
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside and self._inside[-1] == "h1":
            self.text += data
        elif self._inside:
            self.errors[-1] += data


# ---- whole sessions


@pytest.mark.parametrize("profile", SWEDEN_2020)
def test_a_whole_eq5d_has_the_swedish_index_of_its_state(world: World, rows, profile: str) -> None:
    """B12, D1"""
    patient, occasion = world.enrol(protocol="eq5d-only")
    state = play(world, patient, world.start(patient, occasion), [*map(int, profile), 80])
    assert isinstance(state.step, Complete)
    found = scored(world, patient, response_of(rows, state))
    assert found["eq5d5l.index"].value == pytest.approx(SWEDEN_2020[profile], abs=1e-9)
    assert found["eq5d5l.profile"].text == profile
    assert found["eq5d5l.vas"].value == 80
    assert found["eq5d5l.lss"].value == sum(map(int, profile))


def test_a_partial_eq5d_keeps_its_profile_and_refuses_the_index(world: World, rows) -> None:
    patient, occasion = world.enrol(protocol="eq5d-only")
    state = play(world, patient, world.start(patient, occasion), [1, 2, None, 4, 5, None])
    found = scored(world, patient, response_of(rows, state))
    assert found["eq5d5l.profile"].text == "12945"
    assert (found["eq5d5l.index"].value, found["eq5d5l.lss"].value, found["eq5d5l.vas"].value) == (None, None, None)
    assert found["eq5d5l.index"].missing_reason
    assert found["eq5d5l.vas"].missing_reason


def test_eq5d_is_asked_in_its_printed_order_whatever_is_answered(world: World) -> None:
    """D1"""
    patient, occasion = world.enrol(protocol="eq5d-only")
    state = world.start(patient, occasion)
    asked = []
    for value in (5, None, 1, 3, 2, 0):
        assert isinstance(state.step, Ask)
        asked.append(state.step.item.id)
        state = world.give(state, patient, value=value)
    assert asked == ["mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression", "vas"]
    assert isinstance(state.step, Complete)


def test_an_adaptive_session_asks_by_the_answers_and_stops_between_four_and_twelve(world: World, rows) -> None:
    """D2"""
    paths = []
    for value in (1, 3, 5):
        patient, occasion = world.enrol()
        state = world.start(patient, occasion)
        while isinstance(state.step, Ask):
            state = world.give(state, patient, value=value)
        paths.append([entry.answer.item_id for entry in state.entries])
        t = scored(world, patient, response_of(rows, state))["promis_anxiety.t"]
        assert t.value is not None
        assert t.standard_error is not None
    assert all(4 <= len(path) <= 12 for path in paths)
    assert len({path[0] for path in paths}) == 1
    assert len({tuple(path[:3]) for path in paths}) == 3


def test_an_adaptive_session_of_nothing_but_skips_ends_without_a_score(world: World, rows) -> None:
    patient, occasion = world.enrol()
    state = world.start(patient, occasion)
    while isinstance(state.step, Ask):
        state = world.give(state, patient, value=None)
    found = scored(world, patient, response_of(rows, state))
    assert found["promis_anxiety.t"].value is None
    assert found["promis_anxiety.t"].missing_reason


def test_a_skipped_adaptive_question_is_not_asked_again_and_does_not_count(world: World) -> None:
    patient, occasion = world.enrol()
    state = play(world, patient, world.start(patient, occasion), [None, 3])
    skipped, answered = (entry.answer.item_id for entry in state.entries)
    assert skipped != answered
    while isinstance(state.step, Ask):
        assert state.step.item.id not in {entry.answer.item_id for entry in state.entries}
        state = world.give(state, patient, value=3)


def test_an_occasion_of_two_instruments_leads_from_the_one_to_the_other(world: World) -> None:
    patient, occasion = world.enrol(protocol="both")
    first = world.start(patient, occasion)
    done = play(world, patient, first, [1, 1, 1, 1, 1, 90])
    following = next_session(world.services, done, as_=patient)
    assert following not in {None, first.session.id}
    assert look_at_session(world.services, following, as_=patient).instrument.id == "promis-anxiety"


# ---- the notice first


def test_the_first_question_comes_after_a_notice_that_is_on_record(visit, rows) -> None:
    """B5"""
    _visitor, patient, question = visit()
    ((version, locale, given),) = rows(
        "SELECT notice_version, locale, given_at FROM notices_given WHERE person_id = %s", patient.person_id
    )
    ((started,),) = rows("SELECT started_at FROM sessions WHERE id = %s", UUID(question.rpartition("/")[2]))
    assert (version, locale) == (NOTICE_VERSION, "sv")
    assert given <= started


def test_looking_at_the_notice_starts_nothing(world: World, app: Flask, rows) -> None:
    """B5"""
    who = world.new_identity()
    _patient, occasion = world.enrol(who)
    page = Visitor(app, world.patient_cookie(who)).get(f"/surveys/{occasion.id}")
    assert page.status_code == 200
    assert "kvalitetsregister" in page.get_data(as_text=True)
    assert rows("SELECT 1 FROM notices_given") == rows("SELECT 1 FROM sessions") == []


def test_the_database_has_no_session_without_a_notice(world: World, database) -> None:
    """B5"""
    import psycopg

    patient, occasion = world.enrol()
    world.start(patient, occasion)
    with database.connect("postgres") as connection, pytest.raises(psycopg.errors.IntegrityError):
        connection.execute("UPDATE sessions SET notice_id = NULL")
    with database.connect("postgres") as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute("UPDATE sessions SET notice_id = %s", [new_id()])


def test_starting_twice_goes_on_with_the_same_session(world: World, rows) -> None:
    patient, occasion = world.enrol()
    first = start_survey(world.services, occasion.id, locale="sv", as_=patient)
    again = start_survey(world.services, occasion.id, locale="en", as_=patient)
    assert first == again
    assert rows("SELECT count(*) FROM sessions") == [(1,)]


def test_starting_on_two_devices_at_once_is_one_session(world: World, rows) -> None:
    patient, occasion = world.enrol(protocol="both")
    barrier = Barrier(2)

    def start(_device: int) -> UUID:
        barrier.wait()
        return start_survey(world.services, occasion.id, locale="sv", as_=patient)

    with ThreadPoolExecutor(2) as pool:
        sessions = set(pool.map(start, range(2)))
    assert len(sessions) == 1
    assert rows("SELECT count(*) FROM sessions") == [(2,)]


# ---- bad input

HOSTILE = {
    "a level above the last": {"value": "6"},
    "a level below the first": {"value": "0"},
    "a negative number": {"value": "-1"},
    "a fraction": {"value": "1.5"},
    "a comma": {"value": "1,5"},
    "an exponent": {"value": "1e0"},
    "a word": {"value": "bra"},
    "nothing": {"value": ""},
    "blanks": {"value": " \t"},
    "a huge number": {"value": "9" * 5000},
    "another script's digit": {"value": "\u0661"},
    "a wide digit": {"value": "\uff11"},
    "a superscript": {"value": "²"},
    "a zero byte": {"value": "1\x00"},
    "markup": {"value": "<script>alert(1)</script>"},
    "an item that is asked later": {"item": "vas", "value": "1"},
    "an unknown item": {"item": "promis_anxiety.eDANX01", "value": "1"},
    "no item": {"item": "", "value": "1"},
    "an item of bytes": {"item": "\x00\uffff", "value": "1"},
    "a skip of a question not asked": {"item": "vas", "skip": "1"},
    "no place": {"sequence": "", "value": "1"},
    "a place that is a word": {"sequence": "first", "value": "1"},
    "place nought": {"sequence": "0", "value": "1"},
    "a negative place": {"sequence": "-2", "value": "1"},
    "a place far ahead": {"sequence": "999999", "value": "1"},
    "a huge place": {"sequence": "9" * 400, "value": "1"},
    "a place in other digits": {"sequence": "\u0662", "value": "1"},
    "a change of what was never answered": {"item": "mobility", "supersedes": "7", "value": "1"},
    "a change of answer nought": {"item": "mobility", "supersedes": "0", "value": "1"},
    "a change of a word": {"item": "mobility", "supersedes": "first", "value": "1"},
    "a change of a fraction": {"item": "mobility", "supersedes": "1.0", "value": "1"},
    "a change of a negative": {"item": "mobility", "supersedes": "-1", "value": "1"},
    "a change of a huge number": {"item": "mobility", "supersedes": "1" + "0" * 400, "value": "1"},
    "a change in other digits": {"item": "mobility", "supersedes": "\u0661", "value": "1"},
    "a change under another item": {"item": "self_care", "supersedes": "1", "value": "1"},
    "a change to what cannot be": {"item": "mobility", "supersedes": "1", "value": "9"},
}


@pytest.mark.parametrize("fields", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_be_taken_is_said_in_one_sentence_and_costs_nothing(visit, log, fields: dict[str, str]) -> None:
    """B12"""
    visitor, _patient, question = visit()
    visitor.submit(question, "/sessions/", value="2")
    session_id = UUID(question.rpartition("/")[2])
    before = log(session_id)

    refused = visitor.submit(question, "/sessions/", **fields)

    assert refused.status_code in {400, 409}
    page = Heading(refused)
    assert len(page.errors) == 1
    assert page.errors[0].count(".") <= 2
    assert log(session_id) == before == [(1, "mobility", "value", None)]
    assert answer_fields(visitor, question)["item"] == "self_care"


def test_a_refused_answer_is_asked_for_again_on_the_same_page(visit) -> None:
    visitor, _patient, question = visit()
    wanted = Heading(visitor.get(question)).text
    refused = Heading(visitor.submit(question, "/sessions/", value="17"))
    assert refused.text == wanted
    assert refused.errors == ["Det svaret är inte ett av dem som går att ge."]


def test_pressing_next_without_an_answer_asks_for_one(visit) -> None:
    visitor, _patient, question = visit()
    refused = visitor.submit(question, "/sessions/")
    assert refused.status_code == 400
    assert Heading(refused).errors == ["Välj ett svar, eller hoppa över frågan."]


@pytest.mark.parametrize("value", ["-1", "101", "50.5", "fifty", "1000000", "٥٠"])
def test_the_scale_takes_whole_numbers_from_nought_to_a_hundred(visit, log, value: str) -> None:
    """B12"""
    visitor, _patient, question = visit()
    for level in "11111":
        visitor.submit(question, "/sessions/", value=level)
    assert visitor.submit(question, "/sessions/", value=value).status_code == 400
    assert len(log(UUID(question.rpartition("/")[2]))) == 5
    assert visitor.submit(question, "/sessions/", value="100").status_code == 303


@pytest.mark.parametrize(
    ("item", "value", "error"),
    [("EDANX99", 1, BadInput), ("mobility", 6, BadInput), ("mobility", -1, BadInput), ("vas", 50, BadInput)],
)
def test_the_use_case_itself_refuses_what_the_form_would_not_send(
    world: World, log, item: str, value: int, error: type[SurveyServiceError]
) -> None:
    from instruments import Answered, AnswerKind

    patient, occasion = world.enrol(protocol="eq5d-only")
    state = world.start(patient, occasion)
    with pytest.raises(error):
        record_answer(
            world.services, state.session.id, Submission(1, Answered(item, value, AnswerKind.VALUE)), as_=patient
        )
    assert log(state.session.id) == []


# ---- the same click twice, two devices


def test_a_double_click_is_one_answer(visit, log) -> None:
    visitor, _patient, question = visit()
    fields = answer_fields(visitor, question) | {"value": "3"}
    first, second = (visitor.raw_post(question, data=fields) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert log(UUID(question.rpartition("/")[2])) == [(1, "mobility", "value", None)]


def test_a_double_click_on_skip_is_one_skip(visit, log) -> None:
    visitor, _patient, question = visit()
    fields = answer_fields(visitor, question) | {"skip": "1"}
    assert {visitor.raw_post(question, data=fields).status_code for _ in range(2)} == {303}
    assert log(UUID(question.rpartition("/")[2])) == [(1, "mobility", "skipped", None)]


def test_an_old_page_sent_late_with_another_answer_leads_to_the_question_that_is_open(visit, log) -> None:
    visitor, _patient, question = visit()
    old = answer_fields(visitor, question)
    visitor.submit(question, "/sessions/", value="3")
    late = visitor.raw_post(question, data=old | {"value": "4"})
    assert late.status_code == 409
    assert Heading(late).text == Heading(visitor.get(question)).text
    assert "annan enhet" in Heading(late).errors[0]
    assert len(log(UUID(question.rpartition("/")[2]))) == 1


def at_once(*work: Callable[[], object]) -> list[object]:
    """Everything at the same time, each on a thread and a connection of its own."""
    barrier = Barrier(len(work))

    def meet(one: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return one()
        except SurveyServiceError as error:
            return error

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(meet, work))


@pytest.mark.parametrize("protocol", ["eq5d-only", "anxiety-only"])
def test_the_same_answer_from_two_devices_at_once_is_one_answer(world: World, log, protocol: str) -> None:
    patient, occasion = world.enrol(protocol=protocol)
    state = world.start(patient, occasion)
    same = submission_for(state, 3)
    outcomes = at_once(*[lambda: record_answer(world.services, state.session.id, same, as_=patient)] * 3)
    assert {type(one) for one in outcomes} == {SessionState}
    assert len(log(state.session.id)) == 1


def test_of_two_different_answers_at_once_one_wins_and_the_other_is_told(world: World, log) -> None:
    patient, occasion = world.enrol()
    state = world.start(patient, occasion)
    outcomes = at_once(
        lambda: record_answer(world.services, state.session.id, submission_for(state, 1), as_=patient),
        lambda: record_answer(world.services, state.session.id, submission_for(state, 5), as_=patient),
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "SessionState"]
    assert len(log(state.session.id)) == 1


def test_on_the_pages_the_device_that_was_late_gets_the_open_question(visit, log) -> None:
    _visitor, patient, question = visit()
    devices = [visit.device(patient) for _ in range(2)]
    forms = [answer_fields(device, question) for device in devices]
    answers = at_once(
        lambda: devices[0].raw_post(question, data=forms[0] | {"value": "1"}),
        lambda: devices[1].raw_post(question, data=forms[1] | {"value": "5"}),
    )
    assert sorted(one.status_code for one in answers) == [303, 409]
    (late,) = [one for one in answers if one.status_code == 409]
    assert Heading(late).text == Heading(devices[0].get(question)).text
    assert len(log(UUID(question.rpartition("/")[2]))) == 1


def test_the_last_answer_twice_makes_one_response(visit, rows) -> None:
    visitor, patient, question = visit()
    for level in "11111":
        visitor.submit(question, "/sessions/", value=level)
    last = answer_fields(visitor, question) | {"value": "80"}
    first, second = (visitor.raw_post(question, data=last) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert first.headers["Location"].endswith("/done")
    assert rows("SELECT count(*) FROM responses WHERE person_id = %s", patient.person_id) == [(1,)]


def test_the_last_answer_from_two_devices_at_once_makes_one_response(world: World, rows) -> None:
    patient, occasion = world.enrol(protocol="eq5d-only")
    state = play(world, patient, world.start(patient, occasion), [1, 1, 1, 1, 1])
    last = submission_for(state, 80)
    at_once(*[lambda: record_answer(world.services, state.session.id, last, as_=patient)] * 3)
    assert rows("SELECT count(*) FROM responses") == rows("SELECT count(*) FROM deliveries") == [(1,)]


def test_another_last_answer_after_the_end_changes_nothing(visit, log) -> None:
    visitor, _patient, question = visit()
    for value in ("1", "1", "1", "1", "1"):
        visitor.submit(question, "/sessions/", value=value)
    last = answer_fields(visitor, question)
    visitor.raw_post(question, data=last | {"value": "80"})
    for late in (last | {"value": "10"}, last | {"value": "10", "sequence": "7"}, last | {"supersedes": "1"}):
        answer = visitor.raw_post(question, data=late)
        assert answer.status_code == 303
        assert answer.headers["Location"].endswith("/done")
    assert len(log(UUID(question.rpartition("/")[2]))) == 6


def test_another_device_goes_on_with_the_same_question(world: World, app: Flask) -> None:
    """C3"""
    who = world.new_identity()
    _patient, occasion = world.enrol(who)
    phone, tablet = (Visitor(app, world.patient_cookie(who)) for _ in range(2))
    question = phone.submit(f"/surveys/{occasion.id}", "/surveys/").headers["Location"]
    phone.submit(question, "/sessions/", value="4")
    resumed = tablet.submit(f"/surveys/{occasion.id}", "/surveys/").headers["Location"]
    assert resumed == question
    assert answer_fields(tablet, resumed)["item"] == answer_fields(phone, question)["item"]
    assert answer_fields(tablet, resumed)["sequence"] == "2"


# ---- Back and change


def test_back_shows_the_earlier_answer_chosen(visit) -> None:
    visitor, _patient, question = visit()
    visitor.submit(question, "/sessions/", value="4")
    back = visitor.page(question).link("/sessions/")
    html = visitor.get(back).get_data(as_text=True)
    assert back == f"{question}/answers/1"
    assert 'value="4" checked' in html


def test_a_changed_answer_in_a_fixed_form_replaces_that_answer_only(visit, rows, world: World, log) -> None:
    visitor, patient, question = visit()
    for value in "222":
        visitor.submit(question, "/sessions/", value=value)
    changed = visitor.submit(f"{question}/answers/1", "/sessions/", value="5")
    assert changed.status_code == 303
    assert answer_fields(visitor, question)["item"] == "pain_discomfort"
    for value in ("1", "1", "70"):
        visitor.submit(question, "/sessions/", value=value)
    ((response_id,),) = rows("SELECT id FROM responses")
    assert scored(world, patient, response_id)["eq5d5l.profile"].text == "52211"
    assert log(UUID(question.rpartition("/")[2]))[3] == (4, "mobility", "value", 1)


def test_an_answer_can_be_changed_again_but_not_under_its_old_place(visit, log) -> None:
    visitor, _patient, question = visit()
    visitor.submit(question, "/sessions/", value="2")
    old = answer_fields(visitor, f"{question}/answers/1")
    visitor.raw_post(question, data=old | {"value": "3"})
    stale = visitor.raw_post(question, data=old | {"value": "4", "sequence": "3"})
    assert stale.status_code == 409
    assert len(Heading(stale).errors) == 1
    assert visitor.submit(f"{question}/answers/2", "/sessions/", value="4").status_code == 303
    assert [row[3] for row in log(UUID(question.rpartition("/")[2]))] == [None, 1, 2]


def test_a_change_sent_twice_is_one_change(visit, log) -> None:
    visitor, _patient, question = visit()
    visitor.submit(question, "/sessions/", value="2")
    change = answer_fields(visitor, f"{question}/answers/1") | {"value": "3"}
    assert {visitor.raw_post(question, data=change).status_code for _ in range(2)} == {303}
    assert len(log(UUID(question.rpartition("/")[2]))) == 2


def test_an_earlier_answer_can_be_changed_to_a_skip(visit, world: World, rows) -> None:
    visitor, patient, question = visit()
    visitor.submit(question, "/sessions/", value="2")
    visitor.submit(f"{question}/answers/1", "/sessions/", skip="1")
    for value in ("1", "1", "1", "1", "70"):
        visitor.submit(question, "/sessions/", value=value)
    ((response_id,),) = rows("SELECT id FROM responses")
    assert scored(world, patient, response_id)["eq5d5l.profile"].text == "91111"


def test_a_changed_adaptive_answer_asks_anew_what_follows_and_scores_as_if_answered_so(world: World, rows) -> None:
    """D2"""
    patient, occasion = world.enrol()
    state = play(world, patient, world.start(patient, occasion), [1, 1, 1])
    second = state.entries[1]
    answer = read_answer(state.instrument.items[second.answer.item_id], ["5"])
    assert answer is not None
    changed = record_answer(
        world.services,
        state.session.id,
        Submission(state.next_sequence, answer, supersedes=second.sequence),
        as_=patient,
    )
    assert len(changed.entries) == 2
    other, other_occasion = world.enrol()
    straight = play(world, other, world.start(other, other_occasion), [1, 5])
    assert isinstance(changed.step, Ask)
    assert changed.step == straight.step
    while isinstance(changed.step, Ask):
        changed, straight = world.give(changed, patient, value=3), world.give(straight, other, value=3)
    assert [entry.answer for entry in changed.entries] == [entry.answer for entry in straight.entries]
    one = scored(world, patient, response_of(rows, changed))
    two = scored(world, other, response_of(rows, straight))
    assert {name: (score.value, score.text) for name, score in one.items()} == {
        name: (score.value, score.text) for name, score in two.items()
    }


@pytest.mark.parametrize("sequence", ["0", "2", "99", str(2**70)])
def test_the_address_of_an_answer_that_is_not_there_leads_to_the_open_question(visit, sequence: str) -> None:
    visitor, _patient, question = visit()
    visitor.submit(question, "/sessions/", value="2")
    answer = visitor.get(f"{question}/answers/{sequence}")
    assert (answer.status_code, answer.headers["Location"]) == (303, question)


def test_changing_an_answer_of_a_completed_session_leads_onward(visit) -> None:
    visitor, _patient, question = visit()
    for value in ("1", "1", "1", "1", "1", "70"):
        visitor.submit(question, "/sessions/", value=value)
    first = visitor.get(f"{question}/answers/1")
    assert first.headers["Location"] == question
    assert visitor.get(question).headers["Location"].endswith("/done")


# ---- time


def test_what_has_not_opened_is_refused(world: World, app: Flask) -> None:
    from survey_service.foundation.clock import local_day
    from survey_service.scheduling.queries import occasions_of_enrolment
    from survey_service.scheduling.use_cases import Order, enrol_patient

    who = world.new_identity()
    order = Order(
        who,
        world.protocols["eq5d-only"],
        local_day(world.services.clock()) + timedelta(days=30),
        "Visit",
        new_id(),
    )
    enrolment = enrol_patient(world.services, order, as_=world.alice)
    with world.services.db.transaction(as_=world.alice) as connection:
        (occasion,) = occasions_of_enrolment(connection, enrolment)
    with pytest.raises(AccessDenied):
        start_survey(world.services, occasion.id, locale="sv", as_=Patient(occasion.person_id))
    visitor = Visitor(app, world.patient_cookie(who))
    assert visitor.get(f"/surveys/{occasion.id}").status_code == 403
    assert visitor.post(f"/surveys/{occasion.id}", page="/inbox").status_code == 403
    assert str(occasion.id) not in visitor.get("/inbox").get_data(as_text=True)


def test_when_the_window_closes_in_mid_session_what_was_answered_is_kept(visit, clock, log, world: World) -> None:
    visitor, patient, question = visit()
    visitor.submit(question, "/sessions/", value="2")
    fields = answer_fields(visitor, question) | {"value": "2"}
    session_id = UUID(question.rpartition("/")[2])
    clock.advance(PAST_THE_WINDOW)
    returned = visit.device(patient)

    for answer in (returned.get(question), returned.get(f"{question}/answers/1")):
        assert answer.status_code == 410
    late = returned.raw_post(question, data=fields | {"csrf_token": returned.token("/inbox")})
    assert late.status_code == 410
    assert "Det du svarade innan dess finns kvar." in late.get_data(as_text=True)
    assert len(log(session_id)) == 1
    state = look_at_session(world.services, session_id, as_=patient)
    with pytest.raises(Closed):
        record_answer(world.services, session_id, submission_for(state, 2), as_=patient)
    with pytest.raises(Closed):
        start_survey(world.services, state.occasion.id, locale="sv", as_=patient)


def test_the_last_minute_of_the_window_is_still_in_time(world: World, clock, log) -> None:
    patient, occasion = world.enrol(protocol="eq5d-only")
    state = world.start(patient, occasion)
    clock.now = occasion.closes_at - timedelta(seconds=1)
    state = world.give(state, patient, value=2)
    clock.now = occasion.closes_at
    with pytest.raises(Closed):
        world.give(state, patient, value=2)
    assert len(log(state.session.id)) == 1


def test_what_was_answered_in_full_can_be_seen_after_the_window(world: World, app: Flask, clock) -> None:
    """C4"""
    who = world.new_identity()
    patient, occasion = world.enrol(who)
    world.answer(patient, occasion)
    clock.advance(PAST_THE_WINDOW)
    visitor = Visitor(app, world.patient_cookie(who))
    led = visitor.get(f"/surveys/{occasion.id}")
    assert led.status_code == 303
    assert visitor.get(led.headers["Location"]).status_code == 200


# ---- other people's


@pytest.fixture
def denials(rows) -> Callable[[], list[tuple]]:
    return lambda: rows("SELECT actor_kind, actor_id, object_id, reason FROM audit_events WHERE outcome = 'denied'")


@pytest.mark.parametrize("path", ["/sessions/{session}", "/sessions/{session}/answers/1", "/surveys/{survey}",
                                  "/surveys/{survey}/done"])  # fmt: skip
def test_another_patients_link_is_refused_and_logged(world: World, app: Flask, visit, denials, rows, path: str) -> None:
    """A6, G2"""
    visitor, _patient, question = visit()
    visitor.submit(question, "/sessions/", value="2")
    ((survey_id,),) = rows("SELECT id FROM occasions")
    address = path.format(session=question.rpartition("/")[2], survey=survey_id)
    stranger = world.new_identity()
    other, _occasion = world.enrol(stranger)
    refused = Visitor(app, world.patient_cookie(stranger)).get(address)
    assert refused.status_code == 403
    object_id = UUID(question.rpartition("/")[2]) if "{session}" in path else survey_id
    assert denials() == [("patient", other.person_id, object_id, "access-denied")]


def test_nobody_answers_in_another_patients_session(world: World, app: Flask, visit, denials, log) -> None:
    """A6, G2"""
    visitor, _patient, question = visit()
    fields = answer_fields(visitor, question)
    stranger = world.new_identity()
    other, _occasion = world.enrol(stranger)
    intruder = Visitor(app, world.patient_cookie(stranger))
    token = {"csrf_token": intruder.token("/inbox")}
    assert intruder.raw_post(question, data=fields | token | {"value": "2"}).status_code == 403
    assert log(UUID(question.rpartition("/")[2])) == []
    assert [(kind, actor) for kind, actor, *_ in denials()] == [("patient", other.person_id)]


def test_nobody_starts_another_patients_survey(world: World, rows) -> None:
    """A6"""
    _owner, occasion = world.enrol()
    other, _occasion = world.enrol()
    with pytest.raises(AccessDenied):
        start_survey(world.services, occasion.id, locale="sv", as_=other)
    assert rows("SELECT 1 FROM sessions") == []


def test_a_session_that_never_was_looks_like_another_patients(visit) -> None:
    visitor, _patient, _question = visit()
    assert visitor.get(f"/sessions/{new_id()}").status_code == 403
    assert visitor.get("/sessions/17").status_code == 404


@pytest.mark.parametrize("path", ["/inbox", "/surveys/{id}", "/sessions/{id}", "/surveys/{id}/done", "/my-data"])
def test_who_is_not_signed_in_is_led_to_sign_in(app: Flask, path: str) -> None:
    led = Visitor(app).get(path.format(id=new_id()))
    assert (led.status_code, led.headers["Location"]) == (303, "/sign-in")


# ---- language and wording


def test_a_patient_is_asked_in_the_language_chosen_and_the_session_keeps_it(world: World, app: Flask, rows) -> None:
    """E1, E2"""
    who = world.new_identity(locale="en")
    _patient, occasion = world.enrol(who)
    visitor = Visitor(app, world.patient_cookie(who))
    visitor.post("/language", page="/inbox", language="en", next="/inbox")
    question = visitor.submit(f"/surveys/{occasion.id}", "/surveys/").headers["Location"]
    english = Heading(visitor.get(question)).text
    visitor.post("/language", page="/inbox", language="sv", next=question)
    page = visitor.get(question).get_data(as_text=True)
    assert '<html lang="sv"' in page
    assert english in page
    assert '<fieldset lang="en"' in page
    assert rows("SELECT locale FROM sessions") == rows("SELECT locale FROM notices_given") == [("en",)]


def test_the_questions_come_in_the_language_that_the_page_before_promised(world: World, app: Flask, rows) -> None:
    """E2: whichever process takes the form, and whatever languages that one has read about by then."""
    who = world.new_identity()
    _patient, occasion = world.enrol(who)
    visitor = Visitor(app, world.patient_cookie(who))
    page = f"/surveys/{occasion.id}"
    visitor.post("/language", page="/inbox", language="en", next="/inbox")
    promised = visitor.page(page).form("/surveys/").fields
    visitor.post("/language", page="/inbox", language="sv", next="/inbox")
    assert promised["language"] == "en"
    visitor.submit(page, "/surveys/", language=promised["language"])
    assert rows("SELECT locale FROM sessions") == [("en",)]


@pytest.mark.parametrize(
    ("locale", "marked"), [("sv", "Demonstrationstext"), ("en", "Demonstration wording. These are the project")]
)
def test_demonstration_wording_is_marked_on_every_question(world: World, app: Flask, locale: str, marked: str) -> None:
    """E1"""
    who = world.new_identity()
    _patient, occasion = world.enrol(who, protocol="eq5d-only")
    visitor = Visitor(app, world.patient_cookie(who))
    visitor.post("/language", page="/inbox", language=locale, next="/inbox")
    question = visitor.submit(f"/surveys/{occasion.id}", "/surveys/").headers["Location"]
    for value in ("1", "1", "1", "1", "1"):
        assert marked in visitor.get(question).get_data(as_text=True)
        visitor.submit(question, "/sessions/", value=value)
    assert marked in visitor.get(question).get_data(as_text=True)


def test_a_survey_without_wording_in_any_language_is_not_begun(world: World, database, rows) -> None:
    """E2"""
    from survey_service.errors import Unavailable

    patient, occasion = world.enrol()
    with database.connect("postgres") as connection:
        connection.execute("DELETE FROM wordings")
    with pytest.raises(Unavailable):
        start_survey(world.services, occasion.id, locale="sv", as_=patient)
    assert rows("SELECT 1 FROM sessions") == []


def test_wording_approved_later_leaves_a_session_under_way_as_it_was(world: World, database) -> None:
    """E1"""
    patient, occasion = world.enrol(protocol="eq5d-only")
    state = world.start(patient, occasion)
    with database.connect("postgres") as connection:
        connection.execute(
            "INSERT INTO wordings (id, instrument, instrument_version, locale, kind, content_hash, texts, approved_at)"
            " SELECT gen_random_uuid(), instrument, instrument_version, locale, kind, md5(id::text),"
            " jsonb_set(texts, '{title}', '\"Another\"'), approved_at + interval '1 day' FROM wordings"
        )
    again = look_at_session(world.services, state.session.id, as_=patient)
    assert again.wording.texts["title"] == state.wording.texts["title"] != "Another"


def test_several_waiting_surveys_are_all_in_the_inbox(world: World, app: Flask) -> None:
    """C2"""
    from survey_service.scheduling.use_cases import publish_protocol

    who = world.new_identity()
    world.protocols["again"] = publish_protocol(
        world.services, provider_id=world.alice.provider_id, definition=protocol_definition("again", ["eq5d-5l"])
    )
    occasions: Iterator[Occasion] = (world.enrol(who, protocol=one)[1] for one in ("anxiety-only", "again"))
    addresses = [f"/surveys/{one.id}" for one in occasions]
    inbox = Visitor(app, world.patient_cookie(who)).get("/inbox").get_data(as_text=True)
    assert all(address in inbox for address in addresses)
    assert inbox.count("kommer från samma mottagning") == 2
