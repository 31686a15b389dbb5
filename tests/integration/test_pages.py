"""What every page promises: headers, language, errors in words, no identity in an address, and nothing in the logs."""

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from io import StringIO
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import structlog
from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.test import TestResponse

from survey_service.delivery.use_cases import assess_response, open_response
from survey_service.foundation.db import new_id
from survey_service.foundation.logging import configure_logging
from survey_service.foundation.services import Services
from survey_service.http import first_screen
from survey_service.http.security import limiter
from survey_service.languages.interface_texts import shipped_texts
from survey_service.people.rules import Identity
from survey_service.people.use_cases import find_person
from survey_service.registers.feed import pull
from survey_service.registers.objecting import object_to_register
from survey_service.registers.releasing import release_batch
from survey_service.registers.rules import ACCEPTED_PURPOSE
from tests.browsing import Visitor
from tests.conftest import BASE_URL
from tests.world import World


@pytest.fixture
def identity(world: World) -> Identity:
    return world.new_identity(name="Tyra Hemlighet", email="tyra.hemlighet@example.se", phone="0701740605")


@pytest.fixture
def strict(app: Flask) -> Flask:
    """The application, with a template variable that nobody filled in as an error."""
    app.jinja_env.undefined = StrictUndefined
    return app


STALE = "This page had been open for too long. Go back, load it again and send once more."


def swedish(sentence: str) -> str:
    """A text of the interface, as the catalogue has it."""
    translated = str(shipped_texts()["sv"].gettext(sentence))
    assert translated != sentence
    return translated


def text(response: TestResponse) -> str:
    return unescape(response.get_data(as_text=True))


# ---- every page in its main states


def test_no_page_of_a_patient_lacks_a_variable(strict: Flask, world: World, identity: Identity, clock) -> None:
    patient, occasion = world.enrol(identity, protocol="both")
    visitor = Visitor(strict, world.patient_cookie(identity))
    visited: list[int] = []

    def visit(*paths: str) -> None:
        visited.extend(visitor.get(path).status_code for path in paths)

    visit("/inbox", "/my-data", "/contact", "/contact?saved=1", f"/surveys/{occasion.id}")
    visited.append(200 if visitor.post("/contact", page="/contact", email="x").status_code == 400 else 0)
    question = visitor.submit(f"/surveys/{occasion.id}", "/surveys/").headers["Location"]
    visit(question, "/inbox", f"/surveys/{occasion.id}")
    visited.append(200 if visitor.submit(question, "/sessions/", value="9").status_code == 400 else 0)
    for value in ("1", "2", "3", "4", "5"):
        visitor.submit(question, "/sessions/", value=value)
        visit(f"{question}/answers/1")
    visit(question)
    visited.append(200 if visitor.submit(question, "/sessions/", value="x").status_code == 400 else 0)
    second = visitor.submit(question, "/sessions/", value="80").headers["Location"]
    while "/sessions/" in second:
        visit(second)
        second = visitor.submit(second, "/sessions/", value="2").headers["Location"]
    visit(second, "/inbox", "/my-data", "/my-results")
    ids = [one.id for one in _responses(world, patient)]
    for response_id in ids:
        open_response(world.services, response_id, as_=world.alice)
        release_batch(world.services, [response_id], as_=world.system)
    visit(second, "/inbox", "/my-data", "/my-results")
    pull(world.services, cursor=None, limit=10, purpose=ACCEPTED_PURPOSE, as_=world.register)
    for response_id in ids:
        assess_response(world.services, response_id, as_=world.alice)
    object_to_register(world.services, world.register.register_id, as_=patient)
    visit(second, "/inbox", "/my-data", "/my-results")
    another, _occasion = world.enrol(identity, by=world.charlie)  # the same provider would not ask the same again
    assert another == patient
    visit("/inbox", f"/surveys/{_occasion.id}")
    assert set(visited) == {200}


def test_no_page_of_staff_lacks_a_variable(strict: Flask, world: World, clock) -> None:
    visitor = Visitor(strict, world.staff_cookie(world.alice))
    pages = [
        "/staff",
        "/staff?filter=unread",
        "/staff/enrolments/new",
        "/staff?filter=today",
        "/staff?filter=mine&page=2",
    ]
    register_pages = ["/staff/registers/pulls", "/staff/registers/coverage", "/staff/follow-up"]
    visited = [visitor.get(path).status_code for path in pages]
    for value in (1, None):
        patient, occasion = world.enrol(protocol="both")
        state = world.start(patient, occasion)
        for _ in range(6):
            state = world.give(state, patient, value=value)
        rest, left = world.enrol()
        world.answer(rest, left)
        assert patient != rest
        pages.append(f"/staff/patients/{world.reference(patient)}/course")
    with world.services.db.transaction(as_=world.alice) as connection:
        from survey_service.delivery.queries import worklist

        waiting = [one.response_id for one in worklist(connection, world.alice.unit_id, only_unread=True, limit=10)]
    for response_id in waiting:
        page = f"/staff/responses/{response_id}"
        visited.append(visitor.get(page).status_code)
        assert visitor.submit("/staff", page).status_code == 303
        visited.extend(visitor.get(path).status_code for path in (*pages, *register_pages, page))
        assert visitor.submit(page, f"{page}/assessment").status_code == 303
        visited.extend(visitor.get(path).status_code for path in (*pages, page))
    assert visitor.submit(pages[2], pages[2], name="x").status_code == 400
    assert visitor.submit(pages[2], pages[2]).status_code == 400
    assert len(waiting) == 4
    assert set(visited) == {200}


def test_no_page_before_sign_in_lacks_a_variable(strict: Flask, world: World) -> None:
    visitor = Visitor(strict)
    assert [visitor.get(path).status_code for path in ("/", "/sign-in", "/nothing")] == [200, 200, 404]


# ---- what becomes of the answers, as the patient sees it


def test_received_read_and_assessed_are_shown_as_they_happen(world: World, app: Flask, identity: Identity) -> None:
    """A3, C4"""
    patient, occasion = world.enrol(identity)
    (response_id,) = world.answer(patient, occasion)
    visitor = Visitor(app, world.patient_cookie(identity))
    pages = ("/inbox", "/my-data", f"/surveys/{occasion.id}/done")

    def shown(sentence: str) -> list[bool]:
        return [swedish(sentence) % {"unit": "Enhet Ett"} in text(visitor.get(path)) for path in pages]

    waiting = ("Not yet received by %(unit)s", "Not read yet", "Not assessed yet")
    assert [shown(one) for one in waiting] == [[True] * 3] * 3
    open_response(world.services, response_id, as_=world.alice)
    assert shown("Received by %(unit)s") == [True] * 3
    assert [shown(one) for one in waiting] == [[False] * 3, [False] * 3, [True] * 3]
    assess_response(world.services, response_id, as_=world.alice)
    assert [shown(one) for one in waiting] == [[False] * 3] * 3


def test_a_patient_sees_who_looked_and_why(world: World, app: Flask, identity: Identity) -> None:
    """B10, G2"""
    patient, occasion = world.enrol(identity)
    (response_id,) = world.answer(patient, occasion)
    visitor = Visitor(app, world.patient_cookie(identity))
    assert f"<strong>Enhet Ett</strong>: {swedish('Read your answers')}" not in text(visitor.get("/my-data"))
    staff = Visitor(app, world.staff_cookie(world.alice))
    staff.get(staff.submit("/staff", f"/staff/responses/{response_id}").headers["Location"])
    page = text(visitor.get("/my-data"))
    for what in ("Read your answers", "Confirmed receipt", "Saw your name in a list"):
        assert f"<strong>Enhet Ett</strong>: {swedish(what)}" in page


# ---- headers


@pytest.mark.parametrize("path", ["/", "/sign-in", "/inbox", "/staff", "/nothing", "/api/v1/nothing", "/health"])
def test_every_answer_carries_the_headers_that_keep_it_safe(world: World, app: Flask, path: str) -> None:
    headers = Visitor(app).get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == f"'self' {first_screen.SOURCE}"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "camera=()" in headers["Permissions-Policy"]


def test_a_page_of_a_patient_is_never_kept_by_a_cache(world: World, app: Flask, identity: Identity) -> None:
    world.enrol(identity)
    visitor = Visitor(app, world.patient_cookie(identity))
    assert {visitor.get(path).headers["Cache-Control"] for path in ("/inbox", "/my-data")} == {"no-store"}
    with visitor.get("/static/app.css") as style:
        assert style.headers["Cache-Control"] != "no-store"


def test_no_page_has_anything_else_inline_or_from_elsewhere(world: World, app: Flask, identity: Identity) -> None:
    _patient, occasion = world.enrol(identity, protocol="eq5d-only")
    visitor = Visitor(app, world.patient_cookie(identity))
    question = visitor.submit(f"/surveys/{occasion.id}", "/surveys/").headers["Location"]
    staff = Visitor(app, world.staff_cookie(world.alice))
    pages = [visitor.get(path) for path in ("/", "/inbox", "/my-data", question)]
    pages += [staff.get(path) for path in ("/staff", "/staff/enrolments/new")]
    for page in (text(page).replace(f"<style>{first_screen.STYLES}</style>", "") for page in pages):
        assert not re.search(r"<script(?![^>]*\bsrc=\"/static/)", page)
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page)
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", page)


# ---- cross-site protection

POSTS = ["/stay", "/sessions/{id}/kept",
         "/sign-in", "/sign-out", "/language", "/surveys/{id}", "/sessions/{id}", "/my-data/registers/{id}",
         "/staff/receipts", "/staff/settings/record-system", "/staff/settings/record-system/{id}/test",
         "/staff/settings/record-system/{id}/activate", "/staff/settings/record-system/{id}/pause",
         "/staff/settings/alarms", "/staff/enrolments/new", "/staff/responses/{id}", "/staff/responses/{id}/assessment",
         "/my-data/units/{id}", "/contact", "/language/{id}", "/acting-for", "/acting-for/{id}",
         "/my-data/mandates/{id}/end",
         "/staff/enrolments/{id}/mandates", "/staff/enrolments/{id}/mandates/{id}/end",
         "/staff/rights", "/staff/rights/{id}/end", "/staff/oversight/openings/{id}/patient",
         "/staff/responses/{id}/emergency",
         "/staff/responses/{id}/correction", "/staff/responses/{id}/voiding",
         "/staff/protocols", "/staff/protocols/{id}/edit", "/staff/protocols/{id}/file",
         "/staff/protocols/{id}/publication",
         "/staff/search", "/staff/today", "/staff/occasions/{id}/reminder", "/staff/occasions/{id}/non-response",
         "/staff/responses/{id}/hand-over", "/staff/responses/{id}/notes", "/staff/flags", "/staff/flags/{id}/end",
         "/staff/flags/hours", "/staff/flags/paper", "/staff/flags/letters", "/letter",
         "/staff/enrolments/{id}/addresses", "/staff/notices/{id}/again", "/staff/occasions/{id}/entry",
         "/staff/enrolments/{id}/event", "/staff/enrolments/{id}/state", "/staff/enrolments/{id}/unit",
         "/staff/enrolments/list", "/staff/occasions/{id}/hand-over", "/h/{id}",
         "/staff/registers/{id}/approval", "/staff/registers/{id}/end",
         "/translate/{id}/glossary", "/translate/{id}/{id}/steps", "/translate/{id}/{id}/version",
         "/translate/{id}/{id}/import", "/translate/{id}/texts/{id}", "/translate/{id}/texts/{id}/steps",
         "/translate/{id}/texts/{id}/comments"]  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("token", [None, "", "forged", "ImEi.x.y"])
def test_a_form_without_our_token_is_refused_in_one_sentence(
    world: World, app: Flask, path: str, token: str | None
) -> None:
    answer = Visitor(app).raw_post(path.format(id=new_id()), data={} if token is None else {"csrf_token": token})
    assert answer.status_code == 400
    assert swedish(STALE) in text(answer)


def test_every_form_that_changes_something_is_in_the_list_above(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()) and "/api/" not in rule.rule]
    assert {re.sub(r"<[^>]+>", "{id}", rule.rule) for rule in rules} == set(POSTS)


def test_a_form_outlives_a_sign_in_of_a_few_hours(world: World, app: Flask, identity: Identity, clock) -> None:
    """An old page is no reason to lose an answer."""
    from datetime import timedelta

    patient, occasion = world.enrol(identity, protocol="eq5d-only")
    visitor = Visitor(app, world.patient_cookie(identity))
    question = visitor.submit(f"/surveys/{occasion.id}", "/surveys/").headers["Location"]
    form = visitor.page(question).form("/sessions/").fields
    for _ in range(6):
        clock.advance(timedelta(minutes=25))
        visitor.get("/inbox")
    assert visitor.raw_post(question, data=form | {"value": "2"}).status_code == 303
    assert patient is not None


# ---- language


def choose_language(visitor: Visitor, code: str, back: str = "/") -> TestResponse:
    return visitor.post("/language", page="/sign-in", language=code, next=back)


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("sv", "sv"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("sv-FI", "sv"),
        ("de,en;q=0.5,sv;q=0.3", "en"),
        ("tlh", "sv"),
        ("", "sv"),
        ("*", "sv"),
        ("\x01;q=x,,;;", "sv"),
        ("en;q=-1", "sv"),
        ("x" * 5000, "sv"),
    ],
)
def test_the_browsers_language_is_followed_where_there_is_one(
    world: World, app: Flask, wanted: str, shown: str
) -> None:
    """C6"""
    page = Visitor(app).get("/", headers={"Accept-Language": wanted})
    assert f'<html lang="{shown}" dir="ltr"' in text(page)


def test_a_chosen_language_is_kept_and_goes_before_the_browsers(world: World, app: Flask) -> None:
    """C6"""
    visitor = Visitor(app)
    chosen = choose_language(visitor, "en", "/sign-in")
    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/sign-in")
    assert '<html lang="en"' in text(visitor.get("/", headers={"Accept-Language": "sv"}))
    choose_language(visitor, "sv")
    assert '<html lang="sv"' in text(visitor.get("/", headers={"Accept-Language": "en"}))


@pytest.mark.parametrize("code", ["", "xx", "de", "../../etc", "en\x00", "EN", "sv_SE", "<b>"])
def test_a_language_that_is_not_offered_changes_nothing(world: World, app: Flask, code: str) -> None:
    visitor = Visitor(app)
    choose_language(visitor, "en")
    assert choose_language(visitor, code).status_code == 303
    assert '<html lang="en"' in text(visitor.get("/"))


@pytest.mark.parametrize("cookie", ["xx", "", "../../../etc/passwd", "é"])
def test_a_made_up_language_cookie_is_ignored(world: World, app: Flask, cookie: str) -> None:
    client = app.test_client()
    client.set_cookie("language", cookie, domain="survey.test")
    assert '<html lang="sv"' in text(client.get("/", base_url=BASE_URL))


ELSEWHERE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "evil.example",
    "https:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example",
    "\t//evil.example", " //evil.example", "/\x00/evil.example", "/\x0b/evil.example", "http:///evil.example",
    "/\t\\evil.example", "//evil.example/%2f..", "data:text/html,x", "/%09/evil.example@x", "",
]  # fmt: skip


@pytest.mark.parametrize("back", ELSEWHERE, ids=repr)
def test_changing_language_leads_nowhere_but_back_here(world: World, app: Flask, back: str) -> None:
    answer = choose_language(Visitor(app), "en", back)
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert re.fullmatch(r"/(?![/\\])[^\x00-\x20\\]*", location)
    assert urlsplit(location).netloc == ""


def test_changing_language_comes_back_with_the_query(world: World, app: Flask) -> None:
    answer = choose_language(Visitor(app), "en", "/staff?filter=unread")
    assert answer.headers["Location"] == "/staff?filter=unread"


# ---- errors in words


@pytest.fixture
def failing(app: Flask) -> Flask:
    """The application, with a page that breaks as no page should."""

    def fail() -> str:
        raise ZeroDivisionError("a number that nobody should read: 191212121212")

    app.add_url_rule("/broken", "home.broken", fail)
    return app


ERRORS: dict[str, tuple[Callable[[Visitor], TestResponse], int, str]] = {
    "not there": (lambda v: v.get("/nothing"), 404, "This page does not exist."),
    "not so": (lambda v: v.get("/sign-out"), 405, "That cannot be done here."),
    "not signed in": (
        lambda v: v.post(f"/surveys/{new_id()}", page="/sign-in"),
        401,
        "You are not signed in, or you have been signed out.",
    ),
    "too large": (
        lambda v: v.raw_post("/sign-in", data={"method": "x" * 70_000}),
        413,
        "That is more than can be taken at once.",
    ),
    "wrong": (lambda v: v.post("/sign-in", page="/sign-in", method="x"), 400, "Choose one of the ways to sign in."),
    "stale": (lambda v: v.raw_post("/sign-in"), 400, STALE),
    "broken": (lambda v: v.get("/broken"), 500, "Something went wrong with us. What you have answered is kept."),
}


@pytest.mark.parametrize(("cause", "status", "sentence"), ERRORS.values(), ids=ERRORS.keys())
@pytest.mark.parametrize("locale", ["sv", "en"])
def test_every_error_is_one_sentence_in_the_readers_language(
    world: World,
    failing: Flask,
    cause: Callable[[Visitor], TestResponse],
    status: int,
    sentence: str,
    locale: str,
) -> None:
    """C6"""
    visitor = Visitor(failing)
    choose_language(visitor, locale)
    answer = cause(visitor)
    page = text(answer)
    assert answer.status_code == status
    assert (swedish(sentence) if locale == "sv" else sentence) in page
    assert (sentence if locale == "sv" else swedish(sentence)) not in page
    assert f'<html lang="{locale}"' in page
    assert 'href="/"' in page
    assert not re.search(r"Traceback|ZeroDivision|191212121212|werkzeug", page)


@pytest.mark.parametrize("locale", ["sv", "en"])
def test_a_page_that_is_not_yours_is_one_sentence_in_your_language(
    world: World, app: Flask, identity: Identity, locale: str
) -> None:
    world.enrol(identity)
    visitor = Visitor(app, world.patient_cookie(identity))
    choose_language(visitor, locale)
    answer = visitor.get(f"/sessions/{new_id()}")
    sentence = "This page is not yours to see, or it does not exist."
    assert answer.status_code == 403
    assert (swedish(sentence) if locale == "sv" else sentence) in text(answer)


def test_too_many_tries_to_sign_in_are_told_to_wait(world: World, app: Flask) -> None:
    client = app.test_client()
    token = re.search(r'csrf_token" value="([^"]+)"', text(client.get("/sign-in", base_url=BASE_URL)))
    assert token is not None
    try:
        for _ in range(601):
            answer = client.post("/sign-in", data={"csrf_token": token[1], "method": "x"}, base_url=BASE_URL)
    finally:
        limiter.reset()
    assert answer.status_code == 429
    assert swedish("That was too many times in a short while. Wait a minute and try again.") in text(answer)
    assert int(answer.headers["Retry-After"]) <= 60


def test_an_address_that_cannot_be_is_not_found(world: World, app: Flask) -> None:
    visitor = Visitor(app)
    for path in (
        "/sessions/x",
        "/surveys/' OR 1=1",
        "/staff/responses/..%2f..",
        "/%00",
        "/\u2603",
        "/static/../app.py",
    ):
        assert visitor.get(path).status_code == 404, path


def test_without_a_database_the_service_says_that_it_is_not_ready(app: Flask, services: Services, database) -> None:
    """H2"""
    visitor = Visitor(app)
    assert visitor.get("/ready").status_code == 200
    with database.connect("postgres") as connection:
        connection.autocommit = True
        connection.execute("ALTER ROLE survey_register NOLOGIN")
        try:
            services.db.close()
            assert visitor.get("/ready").status_code == 503
        finally:
            connection.execute("ALTER ROLE survey_register LOGIN")
    assert visitor.get("/health").status_code == 200


# ---- nothing in the logs, nothing in the addresses


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """Everything that the process has said so far, in the form that production says it."""
    caplog.set_level("INFO")
    said = StringIO()
    configure_logging(json=True)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(said), cache_logger_on_first_use=False)
    yield lambda: "\n".join((said.getvalue(), *capsys.readouterr(), caplog.text))
    structlog.reset_defaults()


def test_a_whole_walk_leaves_no_person_answer_or_token_in_the_logs(
    world: World, app: Flask, logged: Callable[[], str], database, run_jobs: Callable[[], None], mailbox
) -> None:
    """G2: enrolled, invited, refused, answered, received, assessed, released, objected; and a failure at the end."""
    number = world.new_identity().number
    written = {
        "personal_number": number, "name": "Tyra Hemlighet", "email": "tyra.hemlighet@example.se",
        "phone": "0701740605", "care_contact": "Remiss Hjärtkliniken",
    }  # fmt: skip
    staff_cookie = world.staff_cookie(world.alice)
    staff = Visitor(app, staff_cookie)
    form = "/staff/enrolments/new"
    order = written | {"protocol": str(world.protocols["eq5d-only"]), "language": "sv"}
    staff.submit(form, form, **order, anchor_date="never")
    staff.submit(form, form, **order, anchor_date=world.services.clock().date().isoformat())
    run_jobs()
    cookie = world.patient_cookie(world.new_identity(number=number))
    visitor = Visitor(app, cookie)
    survey = visitor.page("/inbox").link("/surveys/")
    question = visitor.submit(survey, "/surveys/").headers["Location"]
    visitor.submit(question, "/sessions/", value="Min hemliga fritext")
    visitor.submit(question, "/sessions/", value="987654")
    for value in ("1", "2", "3", "4", "5", "83"):
        visitor.submit(question, "/sessions/", value=value)
    visitor.get(f"/sessions/{new_id()}")
    response_path = staff.page("/staff").form("/staff/responses/").action
    staff.submit("/staff", response_path)
    staff.submit(response_path, f"{response_path}/assessment")
    run_jobs()
    page = visitor.page("/my-data").form("/my-data/registers/")
    visitor.raw_post(page.action, data=page.fields)
    visitor.get("/sign-in/callback?code=ahemligkod&state=hemligt")
    with database.connect("postgres") as connection:
        connection.execute("DROP TABLE enrolments CASCADE")
    assert staff.submit(form, form, **order, anchor_date=world.services.clock().date().isoformat()).status_code == 500

    said = logged()

    (mail,) = mailbox.sent
    person_id = find_person(world.services, number)
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert {"request", "request.failed", "request.refused", "notice.attempted"} <= {one["event"] for one in events}
    secrets = [
        *written.values(), number[2:], "tyra", "hemlig", "hjärt", cookie, staff_cookie, mail.to, mail.subject,
        page.fields["csrf_token"], "987654", "ahemligkod", str(person_id), "mobility", '"83"', "Alice",
    ]  # fmt: skip
    for secret in secrets:
        assert secret.casefold() not in said.casefold(), secret


def test_a_link_of_a_patients_own_is_kept_out_of_the_logs(
    world: World, app: Flask, identity: Identity, logged: Callable[[], str]
) -> None:
    _patient, occasion = world.enrol(identity)
    Visitor(app, world.patient_cookie(identity)).get(f"/surveys/{occasion.id}?secret=hemligt")
    said = logged()
    assert "/surveys/<uuid:survey_id>" in said
    assert str(occasion.id) not in said
    assert "hemligt" not in said


def test_no_address_holds_who_somebody_is(world: World, app: Flask, identity: Identity) -> None:
    patient, occasion = world.enrol(identity)
    (response_id,) = world.answer(patient, occasion)
    visitor = Visitor(app, world.patient_cookie(identity))
    staff = Visitor(app, world.staff_cookie(world.alice))
    staff.submit("/staff", f"/staff/responses/{response_id}")
    pages = [visitor.get(path) for path in ("/inbox", "/my-data", f"/surveys/{occasion.id}/done")]
    pages += [staff.get(path) for path in ("/staff", f"/staff/responses/{response_id}")]
    addresses = " ".join(
        address for page in pages for address in re.findall(r'(?:href|action|src)="([^"]*)"', text(page))
    )
    assert f"/staff/responses/{response_id}" in addresses
    for secret in (identity.number, identity.number[2:], "Tyra", "tyra", str(patient.person_id)):
        assert secret not in addresses


def _responses(world: World, patient) -> list:
    from survey_service.answering.queries import responses_of_tasks
    from survey_service.scheduling.queries import occasions_of_patient, tasks_of

    with world.services.db.transaction(as_=patient) as connection:
        found = occasions_of_patient(connection, world.services.clock())
        tasks: list[UUID] = [task.id for task in tasks_of(connection, [one.id for one in found])]
        return list(responses_of_tasks(connection, tasks).values())
