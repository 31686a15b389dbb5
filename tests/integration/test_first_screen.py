"""The styles of the first screen: in the page that a browser gets first, allowed to the letter, and not sent again."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from survey_service.app import create_app
from survey_service.http.first_screen import COOKIE, STYLES, VERSION
from survey_service.http.static_files import FOLDER, compact_styles
from tests.browsing import Visitor
from tests.conftest import BASE_URL
from tests.world import World

SHEET = f'<link rel="stylesheet" href="/static/app.css?v={VERSION}">'


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def given(answer: TestResponse) -> list[str]:
    """What is said of the cookie."""
    return [said for said in answer.headers.getlist("Set-Cookie") if said.startswith(f"{COOKIE}=")]


def halves(answer: TestResponse) -> tuple[str, str]:
    """The head of the page and its body."""
    head, _, body = answer.get_data(as_text=True).partition("</head>")
    return head, body


def test_they_are_the_beginning_of_the_sheet_up_to_its_line() -> None:
    whole = compact_styles((FOLDER / "app.css").read_text())
    assert whole.startswith(STYLES)
    assert STYLES.startswith(":root{color-scheme:light dark;")
    assert 0 < len(STYLES) < len(whole)
    assert [name for name in (".choice", ".vas", ".way", ".card") if f"{name}{{" not in STYLES] == []
    assert [name for name in (".timeline", ".error-summary", "dialog") if f"{name}{{" in STYLES] == []
    assert "<" not in STYLES  # it stands in a page as it is


@pytest.mark.parametrize("path", ["/", "/sign-in", "/letter", "/nothing"])
def test_the_first_page_carries_them_and_asks_for_the_sheet_last(visitor: Visitor, path: str) -> None:
    """C6"""
    answer = visitor.get(path)
    head, body = halves(answer)
    (inline,) = re.findall(r"<style>(.*?)</style>", head + body, re.DOTALL)
    assert inline == STYLES
    assert "app.css" not in head
    assert body.rstrip().endswith(f"{SHEET}</body>\n</html>")
    allowed = b64encode(sha256(inline.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{allowed}';" in answer.headers["Content-Security-Policy"]


def test_the_next_page_links_the_sheet_and_carries_nothing(visitor: Visitor) -> None:
    """C6"""
    assert len(given(visitor.get("/"))) == 1
    answer = visitor.get("/sign-in")
    head, body = halves(answer)
    assert SHEET in head
    assert "<style" not in head + body
    assert "app.css" not in body
    assert given(answer) == []


def test_the_cookie_names_the_sheet_and_says_nothing_of_anybody(world: World, app: Flask) -> None:
    identity = world.new_identity()
    world.enrol(identity)
    (said,) = given(Visitor(app, world.patient_cookie(identity)).get("/inbox"))
    value, *attributes = said.split("; ")
    assert value == f"{COOKIE}={VERSION}"
    assert {one for one in attributes if not one.startswith("Expires=")} == {
        "Max-Age=31536000",
        "HttpOnly",
        "Path=/",
        "SameSite=Lax",
    }
    assert given(Visitor(app).get("/inbox", follow_redirects=True)) == [said]


def test_over_tls_the_cookie_is_for_tls_alone(world: World) -> None:
    settings = replace(world.services.settings, base_url="https://survey.test")
    secure = create_app(replace(world.services, settings=settings)).test_client()
    (said,) = given(secure.get("/sign-in", base_url="https://survey.test"))
    assert "; Secure; " in said


def test_another_version_of_the_sheet_brings_them_anew(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie(COOKIE, "0123abcd", domain="survey.test")
    answer = client.get("/sign-in", base_url=BASE_URL)
    assert STYLES in halves(answer)[0]
    assert len(given(answer)) == 1


def test_without_cookies_every_page_carries_them(app: Flask) -> None:
    """C6"""
    refusing = app.test_client(use_cookies=False)
    assert [STYLES in halves(refusing.get(path, base_url=BASE_URL))[0] for path in ("/", "/sign-in")] == [True, True]


def test_pages_for_staff_and_those_with_another_sheet_link_it_as_ever(world: World, app: Flask) -> None:
    identity = world.new_identity()
    world.enrol(identity)
    staff = Visitor(app, world.staff_cookie(world.alice)).get("/staff")
    results = Visitor(app, world.patient_cookie(identity)).get("/my-results")
    for answer, other in ((staff, "staff.css"), (results, "course.css")):
        head, body = halves(answer)
        assert head.index("/static/app.css") < head.index(f"/static/{other}")
        assert "<style" not in head + body
        assert given(answer) == []


@pytest.mark.parametrize("path", ["/static/app.css", "/static/words.sv.js", "/health", "/api/v1/x"])
def test_what_is_no_page_gives_no_cookie(visitor: Visitor, path: str) -> None:
    assert given(visitor.get(path)) == []
