"""From approved texts to what patients are shown: versions, the gate, withdrawal, and what a session keeps."""

import pytest
from psycopg.errors import CheckViolation

from survey_service.answering.use_cases import look_at_session, start_survey
from survey_service.errors import AccessDenied, BadInput, Conflict
from survey_service.languages.approval import approve_wording
from survey_service.languages.desk_overview import desk_overview
from survey_service.languages.queries import approved_wordings, interface_in_force, wording
from survey_service.languages.rules import State
from survey_service.languages.seeding import seed_wording_texts
from tests.conftest import TestDatabase
from tests.licences import Row, rows
from tests.translators import COUNTED, DEMONSTRATION, GREETING, OWN, QUESTION, SAVED, Team, make_team
from tests.world import World
from translations.catalogue import InstrumentWording, WordingKind, wordings_at_hand
from translations.subjects import INTERFACE


def in_force(team: Team, instrument: str = "prem-overall", locale: str = "nb") -> list[InstrumentWording]:
    """Approved wordings of an instrument in a language, the one that is given at the end."""
    with team.services.db.transaction(as_=team.rita) as connection:
        found = approved_wordings(connection, instrument, team.services.library.latest(instrument).version)
    return [one.wording for one in found if one.wording.locale == locale]


# ---- versions


def test_an_approved_version_is_the_approved_texts_and_nothing_else(team: Team) -> None:
    """E1"""
    team.whole(but=["recall"])
    made = team.approve()
    (shown,) = in_force(team)
    assert shown.kind is WordingKind.OWN
    assert shown.texts == {
        context: f"nb: {row.source[0]}" for context, row in team.rows().items() if context != "recall"
    }
    assert shown.content_hash == made.content_hash == team.completeness().content_hash


def test_a_form_given_whole_is_not_approved_in_parts(team: Team) -> None:
    """E2: an instrument is offered in a language only when every part is approved."""
    team.whole(but=[QUESTION])
    assert team.completeness().missing == (QUESTION,)
    assert not team.completeness().is_enough
    with pytest.raises(BadInput):
        team.approve()
    team.write("Nesten")
    with pytest.raises(BadInput):
        team.approve()
    assert in_force(team) == []


def test_nothing_reaches_patients_before_the_version_is_approved_and_then_it_is_offered(team: Team) -> None:
    """E1"""
    team.whole()
    assert not offered(team)
    team.approve()
    assert offered(team)


def offered(team: Team) -> bool:
    with team.services.db.transaction(as_=team.rita) as connection:
        (row,) = [one for one in desk_overview(connection, team.services) if (one.subject, one.locale) == (OWN, "nb")]
    return row.offered


def test_an_edit_leaves_what_was_approved_in_force_until_it_is_approved_itself(team: Team) -> None:
    """E1"""
    team.whole()
    team.approve()
    edit = team.write("Bedre")
    assert not team.completeness().is_new
    team.take(edit, State.REVIEWED, State.LINGUISTICALLY_VALIDATED, State.APPROVED)
    assert in_force(team)[-1].texts[QUESTION] != "Bedre"
    assert team.completeness().is_new
    team.approve()
    assert in_force(team)[-1].texts[QUESTION] == "Bedre"
    assert len(in_force(team)) == 2


def test_a_version_that_is_approved_again_is_the_one_that_is_given(team: Team) -> None:
    team.whole()
    first = team.approve()
    source = team.rows()[QUESTION].source[0]
    team.approved("Et forsøk")
    team.approve()
    team.approved(f"nb: {source}")
    again = team.approve()
    assert again.id == first.id
    assert in_force(team)[-1].content_hash == first.content_hash


def test_what_was_looked_at_is_what_is_approved(team: Team) -> None:
    """E1: whoever approves a version while another approves a text is told."""
    team.whole()
    seen = team.completeness().content_hash
    team.approved("Kom imellom")
    with pytest.raises(Conflict):
        team.approve(seen=seen)
    team.approve(seen=team.completeness().content_hash)


def test_only_an_approver_of_the_language_makes_a_version(team: Team) -> None:
    """E1"""
    team.whole()
    for translator in (team.tove, team.nora):
        with pytest.raises(AccessDenied):
            approve_wording(team.services, subject=OWN, locale="nb", as_=translator)


def test_the_hash_of_a_version_is_the_same_in_the_database_and_in_the_code(team: Team, database: TestDatabase) -> None:
    odd = 'Å "så" \\ \u200f\u00a0😀 </b> é'
    team.whole(text=lambda source: f"{source} {odd}")
    team.approve()
    (there,) = rows(database, "SELECT * FROM wordings WHERE locale = 'nb'")
    assert there["content_hash"] == in_force(team)[0].content_hash


# ---- stale


def test_a_stale_text_is_neither_kept_nor_dropped_in_silence(team: Team) -> None:
    """E1"""
    team.whole()
    team.approve()
    team.change_source(QUESTION, "How was it this time?")
    found = team.completeness()
    assert (found.stale, found.missing, found.is_enough) == ((QUESTION,), (QUESTION,), False)
    for without_stale in (False, True):
        with pytest.raises(BadInput):
            team.approve(without_stale=without_stale)
    assert offered(team), "what was approved stays in force"


def test_of_a_bank_a_stale_item_is_left_out_when_somebody_says_so(team: Team) -> None:
    """E1, E2"""
    item = next(context for context in team.rows(DEMONSTRATION) if context.startswith("item:"))
    team.change_source(item, "I have been uneasy", subject=DEMONSTRATION)
    with pytest.raises(BadInput):
        team.approve(DEMONSTRATION, "sv")
    made = team.approve(DEMONSTRATION, "sv", without_stale=True)
    assert made.left_out == (item,)
    assert item not in in_force(team, "promis-anxiety", "sv")[-1].texts


# ---- the gate


def test_a_bank_may_be_approved_with_some_items_and_says_what_that_costs(team: Team) -> None:
    """E2"""
    items = [context for context in team.rows(DEMONSTRATION) if context.startswith("item:")]
    team.whole(DEMONSTRATION, but=items[10:])
    found = team.completeness(DEMONSTRATION)
    assert (found.eligible, found.minimum, found.is_enough) == (10, 4, True)
    assert found.missing == tuple(items[10:])
    assert str(found.precision).startswith("with 10 of 29 items, mean SE 0.3")
    assert found.precision.mean_se > found.precision.mean_se_of_all
    assert team.approve(DEMONSTRATION).left_out == tuple(items[10:])


def test_a_bank_with_too_few_items_is_not_approved(team: Team) -> None:
    """E2"""
    items = [context for context in team.rows(DEMONSTRATION) if context.startswith("item:")]
    team.whole(DEMONSTRATION, but=items[3:])
    assert team.completeness(DEMONSTRATION).eligible == 3
    with pytest.raises(BadInput):
        team.approve(DEMONSTRATION)


# ---- withdrawal


def test_a_withdrawn_text_takes_its_versions_with_it_and_the_one_before_is_given_again(team: Team) -> None:
    """E1"""
    team.whole()
    first = team.approve()
    bad = team.approved("En feil")
    team.approve()
    team.take(bad, State.WITHDRAWN, note="Betyr noe annet")
    assert [one.content_hash for one in in_force(team)] == [first.content_hash]
    assert QUESTION in team.completeness().missing


def test_where_every_version_has_the_withdrawn_text_the_language_is_offered_no_more(team: Team) -> None:
    """E1"""
    team.whole()
    team.approve()
    team.take(team.rows()[QUESTION].translation.id, State.WITHDRAWN)
    assert in_force(team) == []
    assert not offered(team)
    team.approved("Rettet")
    team.approve()
    assert offered(team)


def test_a_text_can_be_withdrawn_while_another_is_on_its_way(team: Team) -> None:
    team.whole()
    team.approve()
    approved = team.rows()[QUESTION].translation
    team.write("På vei")
    assert team.segment(reader=team.rita).approved.id == approved.id
    assert team.segment(reader=team.rita).may_withdraw
    team.take(approved.id, State.WITHDRAWN)
    assert team.segment().approved is None
    assert in_force(team) == []


def test_whoever_may_only_translate_withdraws_nothing(team: Team) -> None:
    approved = team.approved("Står")
    with pytest.raises(AccessDenied):
        team.take(approved, State.WITHDRAWN, by=team.tove)


# ---- sessions


def swedish(world: World) -> Team:
    """Translators in the small world, where patients are asked in Swedish."""
    return make_team(world.services)


def anxiety_item(team: Team) -> str:
    return next(context for context in team.rows(DEMONSTRATION, "sv") if context.startswith("item:"))


def test_a_session_keeps_the_version_that_it_began_with(world: World) -> None:
    """E1: an answered session points at the version it showed."""
    team = swedish(world)
    patient, occasion = world.enrol()
    begun = start_survey(world.services, occasion.id, locale="sv", as_=patient)
    before = look_at_session(world.services, begun, as_=patient).wording
    team.approved("Rubriken är en annan", context="title", subject=DEMONSTRATION, locale="sv")
    team.approve(DEMONSTRATION, "sv")
    assert look_at_session(world.services, begun, as_=patient).wording == before
    other, later = world.enrol()
    session_id = start_survey(world.services, later.id, locale="sv", as_=other)
    assert look_at_session(world.services, session_id, as_=other).wording.texts["title"] == "Rubriken är en annan"


def test_what_has_begun_on_a_version_that_is_withdrawn_may_be_finished_and_nothing_new_begins(
    world: World, database: TestDatabase
) -> None:
    """E1"""
    team = swedish(world)
    patient, occasion = world.enrol()
    state = world.start(patient, occasion)
    title = team.rows(DEMONSTRATION, "sv")["title"].translation
    team.take(title.id, State.WITHDRAWN, note="Fel")
    world.answer(patient, occasion)
    (shown,) = rows(database, "SELECT wording_id FROM sessions WHERE id = %s", state.session.id)
    with world.services.db.transaction(as_=patient) as connection:
        assert wording(connection, shown["wording_id"]).texts["title"] == title.forms[0]
    assert in_force(team, "promis-anxiety", "sv") == []


def test_the_database_takes_no_new_session_on_a_withdrawn_version(world: World, database: TestDatabase) -> None:
    """E1"""
    team = swedish(world)
    forged = session_to_enter(world, database)
    team.take(team.rows(DEMONSTRATION, "sv")["title"].translation.id, State.WITHDRAWN)
    columns, places = ", ".join(forged), ", ".join(["%s"] * len(forged))
    statement = f"INSERT INTO sessions ({columns}) VALUES ({places})".encode()
    with database.connect("survey_owner") as owner, pytest.raises(CheckViolation, match="has been withdrawn"):
        owner.execute(statement, list(forged.values()))


def session_to_enter(world: World, database: TestDatabase) -> Row:
    """The row of a session that somebody began, taken away again; without what the database computes of it."""
    state = world.start(*world.enrol())
    (row,) = rows(database, "SELECT * FROM sessions WHERE id = %s", state.session.id)
    with database.connect("survey_owner") as connection:
        connection.execute("DELETE FROM sessions WHERE id = %s", [state.session.id])
    return {name: value for name, value in row.items() if name != "ordered_form"}


# ---- licensed wording


def test_the_rights_holders_wording_is_no_subject_of_translation(real: World) -> None:
    """E1, D1: outside a demonstration, only what is the project's own is translated here."""
    shipped = wordings_at_hand(real.services.library, real.services.settings.instruments)
    seeded = seed_wording_texts(real.services, shipped)
    assert {one.subject.split(":")[1] for one in seeded} == {"prem-overall", "prem-visit"}
    team = make_team(real.services)
    with pytest.raises(AccessDenied):
        team.completeness(DEMONSTRATION)
    with pytest.raises(KeyError):
        team.write("Text", context="title", subject=DEMONSTRATION, locale="sv")


def test_withdrawing_a_demonstration_text_leaves_the_licensed_wording_alone(
    world: World, database: TestDatabase
) -> None:
    """D1: licensed wording is read-only."""
    team = swedish(world)
    title = team.rows(DEMONSTRATION, "sv")["title"].translation
    with database.connect("survey_owner") as connection:
        connection.execute("ALTER TABLE wordings DROP CONSTRAINT wordings_licensed")
        connection.execute("ALTER TABLE wordings DISABLE TRIGGER refuse_wording_without_licence")
        connection.execute(
            "UPDATE wordings SET kind = 'licensed' WHERE instrument = 'promis-anxiety' AND locale = 'sv'"
        )
    team.take(title.id, State.WITHDRAWN)
    assert len(in_force(team, "promis-anxiety", "sv")) == 1


# ---- the interface


def test_a_language_of_the_interface_is_approved_when_every_text_is(team: Team) -> None:
    """E2"""
    team.whole(INTERFACE, but=[SAVED])
    with pytest.raises(BadInput):
        team.approve(INTERFACE)
    team.approved("Lagret %(time)s", context=SAVED, subject=INTERFACE)
    made = team.approve(INTERFACE)
    with team.services.db.transaction(as_=team.tove) as connection:
        version = interface_in_force(connection)["nb"]
    assert (version.id, version.content_hash) == (made.id, made.content_hash)
    assert version.texts == {
        GREETING: ("nb: Welcome",),
        COUNTED: ("nb: %(num)s question", "nb: %(num)s questions"),
        SAVED: ("Lagret %(time)s",),
    }
    assert not team.completeness(INTERFACE).is_new


def test_a_withdrawn_text_leaves_the_interface_at_once(team: Team) -> None:
    """E1"""
    team.whole(INTERFACE)
    team.approve(INTERFACE)
    team.take(team.rows(INTERFACE)[GREETING].translation.id, State.WITHDRAWN)
    with team.services.db.transaction(as_=team.tove) as connection:
        assert set(interface_in_force(connection)["nb"].texts) == {COUNTED, SAVED}
