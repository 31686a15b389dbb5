"""The interface in the languages it ships in: whose code, name, direction and notation reach the page."""

import re
from datetime import UTC, date, datetime

import pytest
from flask import Flask, g

from survey_service.http.locale import day, language_name, long_datetime, number
from tests.browsing import Visitor
from tests.world import World

AFTERNOON = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "frame"),
    [
        ("sv", '<html lang="sv" dir="ltr"'),
        ("en", '<html lang="en" dir="ltr"'),
        ("fi", '<html lang="fi" dir="ltr"'),
        ("ar", '<html lang="ar" dir="rtl"'),
        ("sv_simple", '<html lang="sv-simple" dir="ltr"'),
    ],
)
def test_a_chosen_language_is_told_as_browsers_know_it(world: World, app: Flask, code: str, frame: str) -> None:
    """C6: ``simple`` is a variant that BCP 47 has registered, so a screen reader speaks Swedish."""
    visitor = Visitor(app)
    visitor.post("/language", page="/sign-in", language=code, next="/")
    assert frame in visitor.get("/").get_data(as_text=True)


def test_each_language_is_offered_by_its_own_name(world: World, app: Flask) -> None:
    page = Visitor(app).get("/").get_data(as_text=True)
    found = re.findall(r'name="language" value="([^"]+)" lang="([^"]+)"[^>]*>([^<]+)<', page)
    assert found == [
        ("sv", "sv", "Svenska"),
        ("ar", "ar", "العربية"),
        ("en", "en", "English"),
        ("fi", "fi", "Suomi"),
        ("sv_simple", "sv-simple", "Lätt svenska"),
    ]


@pytest.mark.parametrize(("wanted", "shown"), [("fi-FI", "fi"), ("ar-SY,ar;q=0.9,en;q=0.5", "ar"), ("sv-SE,sv", "sv")])
def test_a_browsers_language_of_a_country_finds_ours(world: World, app: Flask, wanted: str, shown: str) -> None:
    page = Visitor(app).get("/", headers={"Accept-Language": wanted}).get_data(as_text=True)
    assert f'<html lang="{shown}"' in page


@pytest.mark.parametrize(
    ("code", "moment", "only_day", "figure"),
    [
        ("sv", "22 november 2026 14:05", "22 november 2026", "1\xa0234,5"),
        ("sv_simple", "22 november 2026 14:05", "22 november 2026", "1\xa0234,5"),
        ("en", "22 November 2026 14:05", "22 November 2026", "1,234.5"),
        ("fi", "22. marraskuuta 2026 14.05", "22. marraskuuta 2026", "1\xa0234,5"),
        ("ar", "22 نوفمبر 2026 14:05", "22 نوفمبر 2026", "1,234.5"),
    ],
)
def test_dates_times_and_figures_are_written_as_cldr_has_them(
    app: Flask, code: str, moment: str, only_day: str, figure: str
) -> None:
    """C6"""
    with app.test_request_context():
        g.locale = code
        assert (long_datetime(AFTERNOON), day(date(2026, 11, 22)), number(1234.5)) == (moment, only_day, figure)


def test_a_language_is_named_in_the_readers_language() -> None:
    named = {(code, in_): language_name(code, in_=in_) for code, in_ in (("fi", "sv"), ("ar", "fi"), ("sv", "ar"))}
    assert named == {("fi", "sv"): "Finska", ("ar", "fi"): "Arabia", ("sv", "ar"): "السويدية"}
