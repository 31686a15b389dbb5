"""What translators approve of the interface is shown by processes that run, in pages and in notices [E1, E2]."""

from collections.abc import Callable

import pytest
from flask import Flask

from notifications.channels.memory import MemoryChannel
from survey_service.errors import BadInput
from survey_service.foundation.services import Services
from survey_service.languages.interface_texts import REFRESH, InterfaceTexts
from survey_service.languages.rules import State
from survey_service.languages.seeding import enter_sources
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.translators import COUNTED, GREETING, Team, make_team
from tests.world import World
from translations.interface import shipped_locales
from translations.interface_files import read_template
from translations.pseudo import PSEUDO
from translations.subjects import INTERFACE, SubjectKind


def approve(team: Team, locale: str = "nb") -> None:
    team.whole(INTERFACE, locale)
    team.approve(INTERFACE, locale)


def test_a_language_from_nothing_is_there_without_a_restart(app: Flask, team: Team, clock: TestClock) -> None:
    """E1, E2"""
    visitor = Visitor(app)
    assert "Norsk" not in visitor.get("/").text
    approve(team)
    clock.advance(REFRESH)
    assert "Norsk" in visitor.get("/").text


def test_an_approved_text_goes_over_the_one_that_ships_and_the_others_stay(services: Services, team: Team) -> None:
    texts = InterfaceTexts(services)
    shipped = texts()["sv"].ugettext("Sign in and answer")
    team.whole(INTERFACE, "sv", text="ny: {}".format)
    team.approve(INTERFACE, "sv")
    fresh = InterfaceTexts(services)()["sv"]
    assert fresh.ugettext(GREETING) == "ny: Welcome"
    assert fresh.ugettext("Sign in and answer") == shipped


def test_plural_forms_are_those_of_the_language(services: Services, team: Team) -> None:
    """E2"""
    russian = ["%(num)s файл", "%(num)s файла", "%(num)s файлов"]
    arabic = ["%(num)s zero", "one", "two", "%(num)s few", "%(num)s many", "%(num)s other"]
    for locale, wanted in (("ru", russian), ("ar", arabic), ("ja", ["%(num)s 件"])):
        team.whole(INTERFACE, locale, but=[COUNTED])
        team.approved(*wanted, context=COUNTED, subject=INTERFACE, locale=locale)
        team.approve(INTERFACE, locale)
    texts = InterfaceTexts(services)()

    def shown(locale: str, count: int) -> str:
        return str(texts[locale].ungettext(COUNTED, "%(num)s questions", count))

    assert [shown("ru", count) for count in (1, 2, 5, 21)] == [*russian, russian[0]]
    assert [shown("ar", count) for count in (0, 1, 2, 3, 11, 100)] == arabic
    assert [shown("ja", count) for count in (1, 5)] == ["%(num)s 件"] * 2


def test_the_database_is_asked_seldom(services: Services, team: Team, clock: TestClock) -> None:
    texts = InterfaceTexts(services)
    assert "nb" not in texts()
    approve(team)
    assert "nb" not in texts()
    clock.advance(REFRESH)
    assert "nb" in texts()


def test_what_is_known_stays_when_the_database_does_not_answer(
    services: Services, team: Team, clock: TestClock, database: TestDatabase
) -> None:
    approve(team)
    texts = InterfaceTexts(services)
    assert "nb" in texts()
    with database.connect("survey_owner") as connection:
        connection.execute("REVOKE SELECT ON interface_versions FROM survey_gate")
    clock.advance(REFRESH)
    assert "nb" in texts()
    assert set(InterfaceTexts(services)()) == set(shipped_locales())


def test_the_language_that_nobody_speaks_is_offered_to_nobody(app: Flask, services: Services) -> None:
    """E2: it is for the browser tests."""
    assert PSEUDO not in InterfaceTexts(services)()
    chosen = Visitor(app).submit("/sign-in", "/language", language=PSEUDO)
    assert PSEUDO not in str(chosen.headers)


def test_a_withdrawn_text_is_shown_no_more(services: Services, team: Team, clock: TestClock) -> None:
    """E1"""
    texts = InterfaceTexts(services)
    approve(team)
    clock.advance(REFRESH)
    assert texts()["nb"].ugettext(GREETING) == "nb: Welcome"
    team.take(team.rows(INTERFACE)[GREETING].translation.id, State.WITHDRAWN)
    clock.advance(REFRESH)
    assert texts()["nb"].ugettext(GREETING) == GREETING


def test_a_patient_is_told_in_a_language_that_came_while_the_worker_ran(
    world: World, mailbox: MemoryChannel, run_jobs: Callable[[], None]
) -> None:
    """C1, E2"""
    team = make_team(world.services)
    notice = [text for text in read_template() if "email/" in text.concept]
    enter_sources(world.services, INTERFACE, SubjectKind.INTERFACE, notice)
    approve(team)
    world.enrol(world.new_identity(locale="nb"))
    run_jobs()
    (sent,) = mailbox.sent
    assert sent.subject.startswith("nb: ")


def test_nobody_is_ordered_a_survey_in_a_language_that_no_notice_can_be_written_in(world: World) -> None:
    """E2: said at the field, before anything is planned."""
    with pytest.raises(BadInput) as refused:
        world.enrol(world.new_identity(locale="tlh"))
    assert "language" in refused.value.fields


def test_a_patient_whose_language_is_no_more_is_told_in_swedish(
    world: World, mailbox: MemoryChannel, run_jobs: Callable[[], None], database: TestDatabase
) -> None:
    """C1"""
    world.enrol()
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE patients SET locale = 'tlh'")
    world.enrol(world.new_identity(locale="sv"))
    run_jobs()
    lost, swedish = mailbox.sent
    assert lost.subject == swedish.subject
