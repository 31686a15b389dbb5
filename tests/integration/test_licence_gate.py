"""No form runs without its licence outside a demonstration: tried through the code and by SQL as every login [D1]."""

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from psycopg.errors import CheckViolation
from structlog.testing import capture_logs

from instruments import Library
from notifications.channels.memory import MemoryChannel
from survey_service.answering.use_cases import start_survey
from survey_service.app import create_app
from survey_service.errors import BadInput, Unavailable
from survey_service.foundation.clock import at_local_time
from survey_service.foundation.db import new_id
from survey_service.languages.queries import offered_wordings
from survey_service.languages.seeding import seed_wording_texts
from survey_service.languages.use_cases import Acceptance, accept_labels, seed_wordings
from survey_service.licensing.rules import Mode, Use, UseOfAnswers
from survey_service.licensing.use_cases import withdraw_licence
from survey_service.notifying.sending import send_due
from survey_service.scheduling.rules import BodySide
from survey_service.scheduling.use_cases import publish_protocol
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.integration.enrolments import occasions, order, ordered
from tests.labels import FOOTER, LANGUAGE_VERSION, made_up, write_labels
from tests.licences import CERTIFICATE, Row, accept, forged_session, insert, license_use, rows, today
from tests.world import World, protocol_definition
from translations.catalogue import WordingKind, load_wordings
from translations.interface import interface_translations
from translations.labels import load_labels


def refusal_to_order(world: World, **order: Any) -> str:
    with pytest.raises(BadInput) as refused:
        world.enrol(**order)
    assert list(refused.value.fields) == ["protocol"]
    return str(refused.value)


# ---- ordering


def test_what_has_no_licence_cannot_be_ordered_and_nothing_is_written(real: World, database: TestDatabase) -> None:
    """D1: the agreement that the world has with a register licenses nobody."""
    assert rows(database, "SELECT FROM agreements")
    sentence = refusal_to_order(real)
    assert sentence == "promis-anxiety needs a licence, and none is recorded for your care provider."
    for table in ("persons", "patients", "enrolments", "occasions", "tasks"):
        assert rows(database, f"SELECT FROM {table}") == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"valid_until": "yesterday"}, "The licence for promis-anxiety ended on {yesterday}."),
        (
            {"valid_from": "tomorrow", "valid_until": "tomorrow"},
            "The licence for promis-anxiety begins on {tomorrow}.",
        ),
        ({"unit_id": "bob's"}, "The licence for promis-anxiety does not cover your unit."),
        (
            {"purpose": UseOfAnswers.QUALITY_FOLLOW_UP},
            "The licence for promis-anxiety does not cover what this order is for.",
        ),
        (
            {"modes": {Mode.PAPER, Mode.TELEPHONE}},
            "The licence for promis-anxiety does not cover this way of answering.",
        ),
        (
            {"locales": {"da"}},
            "There is no approved wording of promis-anxiety in a language that the licence covers.",
        ),
    ],
)
def test_a_licence_that_does_not_cover_the_order_is_said_to_be_short_of_it_in_one_sentence(
    changes: Row, sentence: str, real: World, licence: UUID
) -> None:
    """D1"""
    withdraw_licence(real.services, licence, reason="Recorded anew", by="An operator")
    named = {
        "yesterday": today(real) - timedelta(days=1),
        "tomorrow": today(real) + timedelta(days=1),
        "bob's": real.bob.unit_id,
    }
    license_use(
        real, **{key: named.get(value, value) if isinstance(value, str) else value for key, value in changes.items()}
    )
    assert refusal_to_order(real) == sentence.format(**named)


def test_a_withdrawn_licence_is_named_with_its_day(real: World, licence: UUID) -> None:
    withdraw_licence(real.services, licence, reason="Terms changed", by="An operator")
    assert refusal_to_order(real) == f"The licence for promis-anxiety was withdrawn on {today(real)}."


def test_a_licence_without_wording_is_not_enough(real: World) -> None:
    license_use(real)
    sentence = "There is no approved wording of promis-anxiety in a language that the licence covers."
    assert refusal_to_order(real) == sentence


def test_a_licence_for_one_unit_lets_that_unit_order_and_no_other(real: World, tmp_path: Path) -> None:
    """D1"""
    accept(real, license_use(real, unit_id=real.bob.unit_id), tmp_path)
    real.enrol(by=real.bob)
    assert refusal_to_order(real, by=real.alice) == "The licence for promis-anxiety does not cover your unit."


def test_a_licence_of_one_provider_is_of_no_use_to_another(real: World, licence: UUID) -> None:
    """D1"""
    real.enrol(by=real.alice)
    assert "none is recorded for your care provider" in refusal_to_order(real, by=real.charlie)


def test_an_occasion_that_asks_two_instruments_needs_a_language_that_both_may_be_shown_in(
    real: World, licence: UUID, tmp_path: Path
) -> None:
    """E2"""
    assert "eq5d-5l needs a licence" in refusal_to_order(real, protocol="both")
    danish = license_use(real, instrument="eq5d-5l", locales={"da"})
    accept(real, danish, tmp_path, instrument="eq5d-5l", locale="da")
    assert refusal_to_order(real, protocol="both") == (
        "eq5d-5l, promis-anxiety have no language in common that may be shown here."
    )


def test_the_unit_reads_the_reason_on_the_form_in_its_own_language(real: World) -> None:
    """D1"""
    visitor = Visitor(create_app(real.services), real.staff_cookie(real.alice))
    answer = visitor.submit(
        "/staff/enrolments/new",
        "/staff/enrolments/new",
        personal_number=real.new_identity().number,
        name="Test Testsson",
        language="sv",
        protocol=str(real.protocols["anxiety-only"]),
        anchor_date=today(real).isoformat(),
        care_contact="Besök",
    )
    assert answer.status_code == 400
    assert "promis-anxiety kräver licens" in answer.get_data(as_text=True)


def test_a_protocol_that_nobody_may_order_yet_is_published_with_a_warning(real: World, licence: UUID) -> None:
    for instrument, warned in (("promis-anxiety", []), ("eq5d-5l", ["protocol.cannot_be_ordered"])):
        with capture_logs() as logged:
            publish_protocol(
                real.services,
                provider_id=real.alice.provider_id,
                definition=protocol_definition(f"new-{instrument}", [instrument]),
            )
        assert [entry["event"] for entry in logged] == warned


# ---- asking


def test_with_its_licence_a_form_is_ordered_asked_and_answered_outside_a_demonstration(
    real: World, licence: UUID
) -> None:
    """D1, E1"""
    identity = real.new_identity()
    patient, occasion = real.enrol(identity)
    visitor = Visitor(create_app(real.services), real.patient_cookie(identity))
    visitor.submit(f"/surveys/{occasion.id}", "/surveys/")
    state = real.start(patient, occasion)
    assert FOOTER in visitor.get(f"/sessions/{state.session.id}").get_data(as_text=True)
    (response_id,) = real.answer(patient, occasion)
    assert response_id


def test_a_licence_ends_at_midnight_in_sweden_in_the_code_and_in_the_database(
    real: World, licence: UUID, clock: TestClock, database: TestDatabase
) -> None:
    """D1"""
    last_day = today(real) + timedelta(days=5)
    withdraw_licence(real.services, licence, reason="Recorded anew", by="An operator")
    license_use(real, valid_until=last_day)
    people = [real.enrol() for _ in range(4)]
    clock.now = at_local_time(last_day, time(23, 59, 59))
    start_survey(real.services, people[0][1].id, locale="sv", as_=people[0][0])
    clock.now = at_local_time(last_day + timedelta(days=1), time(0))
    with pytest.raises(Unavailable):
        start_survey(real.services, people[1][1].id, locale="sv", as_=people[1][0])
    by_sql = [forged_session(real, database, *each) | {"started_at": clock.now} for each in people[2:]]
    second = timedelta(seconds=1)
    insert(real, "sessions", by_sql[0] | {"started_at": clock.now - second}, as_=people[2][0])
    with pytest.raises(CheckViolation, match="no licence in force"):
        insert(real, "sessions", by_sql[1], as_=people[3][0])
    assert len(rows(database, "SELECT FROM sessions")) == 2


def test_what_has_begun_may_be_finished_after_the_licence_has_ended(real: World, licence: UUID) -> None:
    """A2, D1"""
    identity = real.new_identity()
    patient, begun = real.enrol(identity)
    # About a side, so that it is not asked together with the other.
    about_a_side = order(real, real.protocols["anxiety-only"], identity, side=BodySide.LEFT)
    (waiting,) = occasions(real, ordered(real, about_a_side)[0])
    real.start(patient, begun)
    withdraw_licence(real.services, licence, reason="Terms changed", by="An operator")
    visitor = Visitor(create_app(real.services), real.patient_cookie(identity))
    inbox = visitor.get("/inbox").get_data(as_text=True)
    assert (f"/surveys/{begun.id}" in inbox, f"/surveys/{waiting.id}" in inbox) == (True, False)
    assert visitor.get(f"/surveys/{begun.id}").status_code == 200
    assert visitor.get(f"/surveys/{waiting.id}").status_code == 503
    (response_id,) = real.answer(patient, begun)
    assert response_id
    with pytest.raises(Unavailable):
        start_survey(real.services, waiting.id, locale="sv", as_=patient)


def test_nobody_is_invited_to_what_may_not_be_shown_any_more_and_the_unit_sees_why(
    real: World, licence: UUID, database: TestDatabase, mailbox: MemoryChannel, clock: TestClock, tmp_path: Path
) -> None:
    """C1, D1"""
    real.enrol()
    withdraw_licence(real.services, licence, reason="Terms changed", by="An operator")
    send_due(real.services, interface_translations)
    assert mailbox.sent == []
    assert rows(database, "SELECT FROM messages") == []
    morning = at_local_time(today(real) + timedelta(days=1), time(8))
    assert rows(database, "SELECT next_at, unreached FROM notices") == [{"next_at": morning, "unreached": "withheld"}]
    worklist = Visitor(create_app(real.services), real.staff_cookie(real.alice)).get("/staff").get_data(as_text=True)
    assert f"Licensen för promis-anxiety återkallades {today(real)}." in worklist

    license_use(real)
    clock.now = morning
    send_due(real.services, interface_translations)
    assert len(mailbox.sent) == 1
    worklist = Visitor(create_app(real.services), real.staff_cookie(real.alice)).get("/staff").get_data(as_text=True)
    assert "Licensen för" not in worklist


def test_an_invitation_is_not_put_off_beyond_the_window(real: World, licence: UUID, database: TestDatabase) -> None:
    _, occasion = real.enrol()
    withdraw_licence(real.services, licence, reason="Terms changed", by="An operator")
    late = replace(real.services, clock=lambda: occasion.last_moment)
    send_due(late, interface_translations)
    assert rows(database, "SELECT next_at, unreached FROM notices") == [{"next_at": None, "unreached": "withheld"}]


def test_an_instrument_that_has_been_taken_away_is_said_to_be_and_the_worklist_is_there(
    real: World, licence: UUID, library: Library
) -> None:
    real.enrol()
    left = {key: one for key, one in library.instruments.items() if one.id != "promis-anxiety"}
    app = create_app(replace(real.services, library=Library(left)))
    worklist = Visitor(app, real.staff_cookie(real.alice)).get("/staff")
    assert worklist.status_code == 200
    assert "promis-anxiety finns inte installerat här längre." in worklist.get_data(as_text=True)


def test_the_projects_own_instruments_need_no_licence_anywhere(real: World) -> None:
    """D5"""
    real.protocols["visit"] = publish_protocol(
        real.services,
        provider_id=real.alice.provider_id,
        definition=protocol_definition("visit", ["prem-overall"]),
    )
    patient, occasion = real.enrol(protocol="visit")
    assert real.answer(patient, occasion)


def test_when_code_and_database_disagree_the_database_refuses_and_the_patient_is_told_calmly(
    world: World, database: TestDatabase
) -> None:
    """D1: the code believes in a demonstration, the database does not; so it is when a licence ends in between."""
    patient, occasion = world.enrol()
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE deployment SET demonstration = false")
    with pytest.raises(Unavailable, match="not available in a language"):
        start_survey(world.services, occasion.id, locale="sv", as_=patient)
    assert rows(database, "SELECT FROM sessions") == []
    assert rows(database, "SELECT FROM notices_given") == []


def test_in_a_demonstration_demonstration_wording_gives_way_to_licensed_wording_with_a_licence_only(
    world: World, tmp_path: Path
) -> None:
    """D1"""
    instrument = world.services.library.latest("promis-anxiety")
    use = Use(world.alice.provider_id, world.alice.unit_id, UseOfAnswers.CARE, Mode.WEB, today(world))

    def kinds() -> dict[str, WordingKind]:
        with world.services.db.transaction(as_=world.alice) as connection:
            offered = offered_wordings(connection, world.services, instrument, use)
        return {locale: one.wording.kind for locale, one in offered.items()}

    demonstration = {"sv": WordingKind.DEMONSTRATION, "en": WordingKind.DEMONSTRATION}
    licence_id = license_use(world)
    assert kinds() == demonstration
    accept(world, licence_id, tmp_path)
    assert kinds() == demonstration | {"sv": WordingKind.LICENSED}
    seed_wordings(world.services, load_wordings(world.services.library))
    assert kinds() == demonstration | {"sv": WordingKind.LICENSED}
    withdraw_licence(world.services, licence_id, reason="Terms changed", by="An operator")
    assert kinds() == demonstration


# ---- acceptance


def test_labels_are_accepted_as_they_were_previewed_under_their_own_licence_and_once(
    real: World, licence: UUID, database: TestDatabase, tmp_path: Path
) -> None:
    """E1"""
    instrument = real.services.library.latest("promis-anxiety")
    path = write_labels(tmp_path / "new.csv", made_up(instrument, title="New"))
    labels = load_labels(path, instrument, locale="sv", language_version=LANGUAGE_VERSION)
    right = Acceptance(
        content_hash=labels.wording.content_hash, licence_id=licence, certificate=CERTIFICATE, accepted_by="An operator"
    )
    eq5d = license_use(real, instrument="eq5d-5l")
    ended = license_use(real, valid_from=today(real) - timedelta(days=9), valid_until=today(real) - timedelta(days=1))
    danish = license_use(real, locales={"da"})
    for changes, sentence in (
        ({"content_hash": "sha256:other"}, "not those that the preview showed"),
        ({"licence_id": new_id()}, "no such licence"),
        ({"licence_id": eq5d}, "no such licence"),
        ({"licence_id": danish}, "does not cover this language"),
        ({"licence_id": ended}, "ended or been withdrawn"),
        ({"accepted_by": " "}, "names who accepts"),
        ({"certificate": replace(CERTIFICATE, content=b"")}, "is empty"),
    ):
        with pytest.raises(BadInput, match=sentence):
            accept_labels(real.services, labels, replace(right, **changes))
    accepted = accept_labels(real.services, labels, right)
    with pytest.raises(BadInput, match="accepted before"):
        accept_labels(real.services, labels, right)
    (stored,) = rows(
        database,
        "SELECT w.*, d.content FROM wordings w JOIN rights_documents d ON d.digest = certificate_digest WHERE id = %s",
        accepted,
    )
    assert stored["texts"] == labels.wording.texts
    assert (stored["kind"], stored["language_version"], stored["accepted_by"]) == (
        "licensed", LANGUAGE_VERSION, "An operator",
    )  # fmt: skip
    assert (stored["certificate_name"], bytes(stored["content"])) == (CERTIFICATE.name, CERTIFICATE.content)


def test_licensed_wording_does_not_come_in_by_seeding_and_demonstration_wording_not_outside_one(
    real: World, licence: UUID, database: TestDatabase, tmp_path: Path
) -> None:
    """E1"""
    instrument = real.services.library.latest("promis-anxiety")
    path = write_labels(tmp_path / "new.csv", made_up(instrument))
    labels = load_labels(path, instrument, locale="sv", language_version=LANGUAGE_VERSION)
    with pytest.raises(BadInput, match="not seeded from files"):
        seed_wordings(real.services, [labels.wording])
    seed_wordings(real.services, load_wordings(real.services.library))
    assert rows(database, "SELECT FROM wordings WHERE kind = 'demonstration'") == []
    assert rows(database, "SELECT FROM wordings WHERE kind = 'own'") != []


def test_what_no_speaker_has_reviewed_waits_for_one_outside_a_demonstration(
    real: World, database: TestDatabase
) -> None:
    """E1: Finnish and Arabic of the project's own questionnaires came with the files, and nobody has read them."""
    shipped = [one for one in load_wordings(real.services.library) if one.kind is WordingKind.OWN]
    unread = {one.locale for one in shipped if not one.reviewed_by_speaker}
    assert unread == {"fi", "ar"}
    seed_wordings(real.services, shipped)
    seed_wording_texts(real.services, shipped)
    offered = {row["locale"] for row in rows(database, "SELECT locale FROM wordings WHERE kind = 'own'")}
    assert offered == {"sv", "en"}
    taken = rows(
        database, "SELECT DISTINCT locale, state FROM translation_steps JOIN translations t ON t.id = translation_id"
    )
    assert {(row["locale"], row["state"]) for row in taken} >= {("fi", "translated"), ("ar", "translated")}
    assert not {(row["locale"], row["state"]) for row in taken} & {("fi", "approved"), ("ar", "approved")}
