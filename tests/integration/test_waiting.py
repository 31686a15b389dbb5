"""What a patient reads of surveys that wait: how they stand to each other, until when, and in which languages."""

from datetime import timedelta
from html import unescape

import sqlalchemy as sa
from flask import Flask

from survey_service.answering.queries import responses_with_ids
from survey_service.answering.sensitive import is_sensitive, may_hurt
from survey_service.delivery.use_cases import open_response
from survey_service.notifying.records import contact_choices
from survey_service.registers.feed import pull
from survey_service.registers.releasing import release_batch
from survey_service.registers.rules import ACCEPTED_PURPOSE
from survey_service.scheduling.rules import BodySide
from tests.browsing import Visitor
from tests.conftest import TestClock
from tests.integration.sittings import sit_down
from tests.world import World


def page(visitor: Visitor, path: str) -> str:
    return unescape(visitor.get(path).get_data(as_text=True))


def test_surveys_of_one_event_say_that_they_belong_together_and_which_is_shortest(world: World, app: Flask) -> None:
    """C2"""
    who = world.new_identity()
    world.enrol(who, protocol="anxiety-only")
    world.enrol(who, protocol="eq5d-only")
    inbox = page(Visitor(app, world.patient_cookie(who)), "/inbox")
    assert inbox.count("gäller samma sak och kommer från samma mottagning.") == 2
    assert inbox.count("Om du svarar på den här väntar den andra fortfarande på dig.") == 2
    assert "Du väljer ordning själv." in inbox


def test_a_survey_of_another_provider_says_so_and_that_neither_sees_the_others_answers(
    world: World, app: Flask
) -> None:
    """C2, A6: the patient may know of both; the providers of neither."""
    who = world.new_identity()
    world.enrol(who, protocol="anxiety-only")
    world.enrol(who, by=world.charlie)
    inbox = page(Visitor(app, world.patient_cookie(who)), "/inbox")
    assert inbox.count("De ser inte varandras svar.") == 2
    assert inbox.count("En del av frågorna är desamma i båda.") == 2


def test_one_survey_alone_says_nothing_of_others(world: World, app: Flask) -> None:
    who = world.new_identity()
    _, occasion = world.enrol(who)
    visitor = Visitor(app, world.patient_cookie(who))
    for path in ("/inbox", f"/surveys/{occasion.id}"):
        assert "Om du svarar på den här" not in page(visitor, path)
    assert "Du väljer ordning själv." not in page(visitor, "/inbox")


def test_the_page_before_the_first_question_tells_of_the_others_too(world: World, app: Flask) -> None:
    """C2"""
    who = world.new_identity()
    _, occasion = world.enrol(who, side=BodySide.LEFT)
    world.enrol(who, side=BodySide.RIGHT)
    assert "Dina andra enkäter" in page(Visitor(app, world.patient_cookie(who)), f"/surveys/{occasion.id}")


def test_the_end_is_told_as_people_say_it(world: World, app: Flask, clock: TestClock) -> None:
    """C2, C6: days and the day of the week while it is near, and today when it is today."""
    who = world.new_identity()
    _, occasion = world.enrol(who)
    clock.advance(occasion.last_moment - clock() - timedelta(days=3))
    cookie = world.patient_cookie(who)
    assert "Svara inom 3 dagar, senast " in page(Visitor(app, cookie), "/inbox")
    clock.advance(timedelta(days=2))
    cookie = world.patient_cookie(who)
    assert "Svara senast i morgon, " in page(Visitor(app, cookie), "/inbox")
    clock.advance(timedelta(days=1))
    cookie = world.patient_cookie(who)
    assert "Svara i dag, före " in page(Visitor(app, cookie), "/inbox")


def test_what_a_register_has_fetched_stands_at_the_answer(world: World, app: Flask) -> None:
    """B10"""
    who = world.new_identity()
    patient, occasion = world.enrol(who, protocol="eq5d-only")
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    release_batch(world.services, [response_id], as_=world.system)
    visitor = Visitor(app, world.patient_cookie(who))
    assert "Hämtat av" not in page(visitor, "/inbox")
    pull(world.services, cursor=None, limit=10, purpose=ACCEPTED_PURPOSE, as_=world.register)
    assert page(visitor, "/inbox").count("Hämtat av") == 1


# ---- languages


def test_the_language_is_chosen_before_the_first_question_and_remembered_for_the_pages(
    world: World, app: Flask
) -> None:
    """C6, E1: only approved ones are on offer; the session keeps the one that was chosen."""
    who = world.new_identity()
    patient, occasion = world.enrol(who, protocol="eq5d-only")
    visitor = Visitor(app, world.patient_cookie(who))
    chosen = visitor.submit(f"/surveys/{occasion.id}", f"/language/{occasion.id}", language="en")
    assert chosen.headers["Location"].endswith("?language=en")
    assert "Before you start" in page(visitor, chosen.headers["Location"])
    visitor.submit(chosen.headers["Location"], "/surveys/")
    (response_id,) = world.answer(patient, occasion)
    with world.services.db.transaction(as_=patient) as connection:
        assert responses_with_ids(connection, [response_id])[0].session.locale == "en"


def test_the_language_of_messages_is_changed_only_when_the_patient_says_so(world: World, app: Flask) -> None:
    """C1, C6: and who had chosen nothing is still written to in every way."""
    who = world.new_identity()
    patient, occasion = world.enrol(who, protocol="eq5d-only")
    visitor = Visitor(app, world.patient_cookie(who))

    def chosen() -> list[tuple[str, list[str]]]:
        with world.services.db.transaction(as_=patient) as connection:
            rows = connection.execute(sa.select(contact_choices.c.locale, contact_choices.c.channels)).all()
            return [(row.locale, row.channels) for row in rows]

    visitor.submit(f"/surveys/{occasion.id}", f"/language/{occasion.id}", language="en")
    assert chosen() == []
    visitor.submit(f"/surveys/{occasion.id}", f"/language/{occasion.id}", language="en", write="1")
    ((locale, channels),) = chosen()
    assert locale == "en"
    assert channels == list({one.kind: one for one in world.services.gateways})


def test_a_survey_that_the_readers_language_lacks_says_in_which_it_is(world: World, app: Flask) -> None:
    """C6, E2"""
    who = world.new_identity()
    _, occasion = world.enrol(who, protocol="anxiety-only")
    visitor = Visitor(app, world.patient_cookie(who))
    visitor.submit("/inbox", "/language", language="fi")
    for path in ("/inbox", f"/surveys/{occasion.id}"):
        assert "Kysymyksiä ei ole kielellä Suomi." in page(visitor, path)


# ---- what may hurt


def test_where_to_turn_is_said_before_beside_and_after_a_question_that_may_hurt(world: World, app: Flask) -> None:
    """C6: calm, with numbers to press, and that nobody reads answers as an alarm."""
    sitting = sit_down(world, app, "promis-depression")
    notice = page(sitting.visitor, f"/surveys/{sitting.state().occasion.id}")
    assert "Någon fråga kan handla om svåra känslor." in notice
    seen = set()
    while "/sessions/" in sitting.address:
        state, shown = sitting.state(), sitting.page()
        item = state.step.item  # type: ignore[union-attr]
        aside = "Det här kan vara svårt att tänka på." in shown
        assert aside is is_sensitive(state.instrument, item)
        if aside:
            assert 'href="tel:112"' in shown
            assert 'href="tel:1177"' in shown
        seen.add(item.id)
        sitting.send(value="3")
    assert seen
    assert "Det är aldrig fel att ringa." in sitting.page()


def test_a_survey_without_such_a_question_says_nothing_of_it(world: World, app: Flask) -> None:
    sitting = sit_down(world, app, "promis-anxiety")
    assert "Det här kan vara svårt att tänka på." not in sitting.page()
    assert not may_hurt(sitting.state().instrument)


def test_the_shipped_bank_names_its_question_that_may_hurt(world: World) -> None:
    """D3: the definition stays as it was published, so the service names it."""
    bank = world.services.library.installed("promis-depression", "1.0", "")
    assert bank is not None
    assert [item.id for item in bank.items.values() if is_sensitive(bank, item)] == ["EDDEP39"]


def test_who_answers_for_two_units_at_once_is_told_so(world: World, app: Flask) -> None:
    """C2: one survey waits, and names the other unit that gets the answers."""
    who = world.new_identity()
    _, occasion = world.enrol(who)
    world.enrol(who, by=world.bob)
    visitor = Visitor(app, world.patient_cookie(who))
    told = "har frågat om samma sak. Du svarar en gång, och båda får dina svar."
    for path in ("/inbox", f"/surveys/{occasion.id}"):
        assert page(visitor, path).count(told) == 1
    assert page(visitor, "/inbox").count('class="card survey"') == 1
