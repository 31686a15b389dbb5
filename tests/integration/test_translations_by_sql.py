"""What translators and operators may not do is refused by the database too: by SQL alone, as every login [E1]."""

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation, InsufficientPrivilege, UniqueViolation

from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Gate, Operator, Patient, Principal, Register, Staff, System, Translator
from survey_service.foundation.services import Services
from survey_service.languages.rules import State, next_states
from tests.conftest import TestDatabase
from tests.licences import Row, rows
from tests.translators import GREETING, OWN, QUESTION, Team
from translations.subjects import INTERFACE, content_hash

WRITTEN = (
    "translators", "translation_subjects", "source_texts", "translations", "translation_steps", "evidence_documents",
    "translation_comments", "glossary_terms", "wording_decisions", "interface_versions", "wordings",
)  # fmt: skip


def run(services: Services, statement: str, values: Row | None = None, *, as_: Principal) -> list[Any]:
    with services.db.transaction(as_=as_) as connection:
        cursor = connection.connection.cursor()
        cursor.execute(statement, values or {})
        return cursor.fetchall() if cursor.description else []


def insert(services: Services, table: str, row: Row, *, as_: Principal) -> None:
    columns, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    run(services, f"INSERT INTO {table} ({columns}) VALUES ({places})", row, as_=as_)


def step(translation_id: UUID, state: str, by: Translator | None, **changes: Any) -> Row:
    """A step that a translator's own SQL might take, right in all but what a test changes."""
    return {
        "id": new_id(), "translation_id": translation_id, "number": 1, "state": state,
        "taken_by": by.translator_id if by else None, "taken_at": datetime.now(UTC), "note": "",
        "evidence_name": None, "evidence_digest": None,
    } | changes  # fmt: skip


def translation(team: Team, by: Translator | None, **changes: Any) -> Row:
    row = team.rows()[QUESTION]
    return {
        "id": new_id(), "subject": OWN, "context": QUESTION, "locale": "nb", "number": 1, "source_id": row.source_id,
        "forms": json.dumps(["Ord"]), "content_hash": content_hash(["Ord"]), "replaces": None,
        "made_by": by.translator_id if by else None, "made_at": datetime.now(UTC),
    } | changes  # fmt: skip


def everybody(team: Team) -> list[Principal]:
    """One of each who is no translator; the operator at the end."""
    nobody = new_id()
    return [
        Gate(), Staff(nobody, nobody, nobody), Patient(nobody), Register(nobody), System(nobody), Operator(),
    ]  # fmt: skip


def refusal(act: Callable[..., object], *arguments: Any, **named: Any) -> type[Exception] | None:
    try:
        act(*arguments, **named)
    except psycopg.Error as error:
        return type(error)
    return None


# ---- who may write what


def test_rows_that_the_tests_below_change_are_taken_as_they_stand(team: Team) -> None:
    row = translation(team, team.tove)
    insert(team.services, "translations", row, as_=team.tove)
    insert(team.services, "translation_steps", step(row["id"], "translated", team.tove), as_=team.tove)


def test_nobody_but_a_translator_translates_or_takes_steps(team: Team) -> None:
    """E1: operators bring what came with files, in nobody's name."""
    made = team.write("Toves")
    for principal in everybody(team):
        for table, row in (
            ("translations", translation(team, team.tove, replaces=made)),
            ("translation_steps", step(made, "reviewed", team.rita)),
            ("translation_comments", {"id": new_id(), "subject": OWN, "context": QUESTION, "locale": "nb", "text": "x",
                                      "written_by": team.tove.translator_id, "written_at": datetime.now(UTC)}),
        ):  # fmt: skip
            assert refusal(insert, team.services, table, row, as_=principal) is InsufficientPrivilege


def test_nobody_makes_a_version_but_by_approving(team: Team) -> None:
    """E1"""
    wording = {
        "id": new_id(), "instrument": "prem-overall", "instrument_version": "1.0", "locale": "nb", "kind": "own",
        "content_hash": "x", "texts": "{}", "approved_at": datetime.now(UTC),
    }  # fmt: skip
    decision = {
        "wording_id": rows_of_wordings(team)[0], "decision": "approved", "decided_by": team.rita.translator_id,
        "decided_at": datetime.now(UTC), "reason": "",
    }  # fmt: skip
    version = {
        "id": new_id(), "locale": "nb", "texts": "{}", "content_hash": "x", "approved_by": team.rita.translator_id,
        "approved_at": datetime.now(UTC),
    }  # fmt: skip
    for principal in (team.rita, *everybody(team)):
        for table, row in (("wording_decisions", decision), ("interface_versions", version)):
            assert refusal(insert, team.services, table, row, as_=principal) is InsufficientPrivilege
        if principal != Operator():  # who enters what ships, as ADR 0013 has it
            assert refusal(insert, team.services, "wordings", wording, as_=principal) is InsufficientPrivilege


def rows_of_wordings(team: Team) -> list[UUID]:
    found = run(team.services, "SELECT id FROM wordings", as_=Operator())
    return [row[0] for row in found] or [new_id()]


@pytest.mark.parametrize("table", WRITTEN)
def test_nobody_changes_or_removes_what_was_written(table: str, team: Team) -> None:
    """E1"""
    team.approved("Stående")
    for principal in (team.tove, team.rita, *everybody(team)):
        for statement in (f"UPDATE {table} SET locale = 'xx'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            if table in ("translation_subjects", "source_texts", "translation_steps", "evidence_documents",
                         "wording_decisions", "translators"):  # fmt: skip
                statement = statement.replace("SET locale = 'xx'", f"SET {COLUMN[table]} = {COLUMN[table]}")
            assert refusal(run, team.services, statement, as_=principal) is InsufficientPrivilege


COLUMN = {
    "translation_subjects": "kind", "source_texts": "forms", "translation_steps": "state",
    "evidence_documents": "content", "wording_decisions": "decision", "translators": "may_approve",
}  # fmt: skip


def test_no_translator_enters_sources_subjects_or_translators(team: Team) -> None:
    """E1: nobody makes demonstration wording the project's own, or gives himself a right."""
    subject = {"subject": "interface2", "kind": "own"}
    source = {
        "id": new_id(), "subject": OWN, "context": "title", "number": 1, "position": 0, "concept": "", "needed": True,
        "source_locale": "en", "forms": '["x"]', "content_hash": content_hash(["x"]), "retired": False,
        "entered_at": datetime.now(UTC),
    }  # fmt: skip
    person = {
        "id": new_id(), "hsa_id": "x", "name": "x", "may_review": True, "may_approve": True, "locales": None,
        "valid_from": datetime.now(UTC),
    }  # fmt: skip
    for table, row in (("translation_subjects", subject), ("source_texts", source), ("translators", person)):
        assert refusal(insert, team.services, table, row, as_=team.axel) is InsufficientPrivilege


def test_patients_staff_and_registers_see_nothing_of_translators_work(team: Team) -> None:
    team.write("Toves")
    *others, _operator = everybody(team)
    for principal in others:
        for table in ("translations", "translation_steps", "translation_comments", "source_texts"):
            assert refusal(run, team.services, f"SELECT * FROM {table}", as_=principal) is InsufficientPrivilege


def test_no_translator_sees_anything_of_patients(team: Team) -> None:
    """A6"""
    for table in ("answers", "responses", "patients", "occasions", "staff_members", "sign_ins", "persons"):
        statement = f"SELECT * FROM {table}"
        assert refusal(run, team.services, statement, as_=team.rita) is InsufficientPrivilege


# ---- in whose name


def test_nobody_translates_or_takes_steps_in_anothers_name(team: Team) -> None:
    """E1"""
    made = team.write("Toves")
    for table, row in (
        ("translations", translation(team, team.tove, replaces=made)),
        ("translations", translation(team, None, replaces=made)),
        ("translation_steps", step(made, "reviewed", team.axel)),
        ("translation_steps", step(made, "approved", None)),
    ):
        assert refusal(insert, team.services, table, row, as_=team.rita) in (InsufficientPrivilege, CheckViolation)
    assert len(team.segment().versions) == 1
    assert team.segment().current.state is State.TRANSLATED


def test_the_files_review_is_of_what_came_with_files_and_first(team: Team) -> None:
    """E1: an operator approves nobody's work."""
    made = team.write("Toves")
    with pytest.raises(CheckViolation, match="not from translated to approved"):
        insert(team.services, "translation_steps", step(made, "approved", None), as_=Operator())
    from_files = team.rows(OWN, "sv")[QUESTION].translation
    assert from_files is not None
    with pytest.raises(CheckViolation, match="not from approved to withdrawn"):
        insert(team.services, "translation_steps", step(from_files.id, "withdrawn", None), as_=Operator())


def test_whoever_is_no_translator_any_more_or_of_another_language_is_refused(
    team: Team, database: TestDatabase
) -> None:
    with pytest.raises(CheckViolation, match="not a translator of this language"):
        insert(team.services, "translations", translation(team, team.nora, locale="da"), as_=team.nora)
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE translators SET valid_until = now() WHERE id = %s", [team.tove.translator_id])
    with pytest.raises(CheckViolation, match="not a translator of this language"):
        insert(team.services, "translations", translation(team, team.tove), as_=team.tove)


# ---- states


def bring_to(team: Team, state: State, *, subject: str, context: str, by: Translator) -> UUID:
    """A translation in that state, by others than the one who will try to take it further where they may."""
    translation_id = team.write(f"Til {state}", context=context, subject=subject, by=by, draft=state is State.DRAFT)
    way = {
        State.DRAFT: (),
        State.TRANSLATED: (),
        State.REVIEWED: (State.REVIEWED,),
        State.LINGUISTICALLY_VALIDATED: (State.REVIEWED, State.LINGUISTICALLY_VALIDATED),
        State.APPROVED: (State.REVIEWED, State.LINGUISTICALLY_VALIDATED, State.APPROVED),
        State.WITHDRAWN: (State.REVIEWED, State.LINGUISTICALLY_VALIDATED, State.APPROVED, State.WITHDRAWN),
    }
    helper = team.rita if by != team.rita else team.axel
    team.take(translation_id, *way[state], by=helper)
    return translation_id


@pytest.mark.parametrize("subject", [OWN, INTERFACE])
@pytest.mark.parametrize("state", State)
def test_the_database_takes_the_steps_that_the_rules_allow_and_no_others(
    state: State, subject: str, team: Team, database: TestDatabase
) -> None:
    """E1: every state, to every state, by the maker or another, with every right."""
    context = QUESTION if subject == OWN else GREETING
    translation_id = bring_to(team, state, subject=subject, context=context, by=team.tove)
    with database.connect("survey_owner") as owner:
        owner.execute("INSERT INTO evidence_documents VALUES ('sha256:' || encode(sha256('x'), 'hex'), 'x')")
        (digest,) = owner.execute("SELECT digest FROM evidence_documents ORDER BY content DESC LIMIT 1").fetchone()
        owner.commit()
        for who, reviews, approves, target in itertools.product(
            (team.tove, team.rita), (False, True), (False, True), State
        ):
            owner.execute(
                "UPDATE translators SET may_review = %s, may_approve = %s WHERE id = %s",
                [reviews, approves, who.translator_id],
            )
            row = step(translation_id, target, who, evidence_name="x", evidence_digest=digest)
            columns, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
            allowed = True
            try:
                with owner.transaction(force_rollback=True):
                    owner.execute(f"INSERT INTO translation_steps ({columns}) VALUES ({places})".encode(), row)
            except CheckViolation:
                allowed = False
            expected = target in next_states(
                state,
                by_maker=who == team.tove,
                may_review=reviews,
                may_approve=approves,
                needs_validation=subject == OWN,
            )
            assert allowed is expected, (who == team.tove, reviews, approves, target)


def test_validation_without_its_document_is_refused(team: Team) -> None:
    """E1"""
    made = team.write("Ord")
    team.take(made, State.REVIEWED)
    with pytest.raises(CheckViolation, match="validation_has_evidence"):
        insert(team.services, "translation_steps", step(made, "linguistically_validated", team.rita), as_=team.rita)
    with pytest.raises(ForeignKeyViolation):
        insert(
            team.services,
            "translation_steps",
            step(made, "linguistically_validated", team.rita, evidence_name="x", evidence_digest="sha256:none"),
            as_=team.rita,
        )


def test_a_step_is_of_the_newest_translation_and_of_a_source_that_stands(team: Team) -> None:
    """E1"""
    old = team.write("Gammel")
    team.write("Ny")
    with pytest.raises(CheckViolation, match="another translation has replaced"):
        insert(team.services, "translation_steps", step(old, "reviewed", team.rita), as_=team.rita)
    stale = team.rows()[QUESTION].translation
    team.change_source(QUESTION, "Something else")
    with pytest.raises(CheckViolation, match="the source has changed"):
        insert(team.services, "translation_steps", step(stale.id, "reviewed", team.rita), as_=team.rita)


# ---- chains


def test_nothing_is_replaced_twice_and_no_text_has_two_beginnings(team: Team) -> None:
    """E1"""
    first = team.write("Første")
    team.write("Annen")
    with pytest.raises(UniqueViolation):
        insert(team.services, "translations", translation(team, team.rita, replaces=first), as_=team.rita)
    with pytest.raises(UniqueViolation):
        insert(team.services, "translations", translation(team, team.rita), as_=team.rita)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"forms": '["Et annet"]'}, "hash is of another text"),
        ({"forms": "[]", "content_hash": content_hash([])}, "translations_forms_check"),
        ({"forms": '[""]', "content_hash": content_hash([""])}, "translations_forms_check"),
        ({"forms": '"x"'}, "hash is of another text|translations_forms_check"),
        ({"context": "title"}, "the source has changed"),
        ({"subject": "instrument:promis-anxiety:1.0:self"}, "the source has changed"),
        ({"subject": "instrument:eq5d-5l:1.0:self"}, "the source has changed"),
        ({"source_id": UUID(int=1)}, "the source has changed"),
    ],
)
def test_a_translation_is_of_the_source_that_counts_and_says_what_its_hash_says(
    changes: Row, refused: str, team: Team
) -> None:
    with pytest.raises(CheckViolation, match=refused):
        insert(team.services, "translations", translation(team, team.tove, **changes), as_=team.tove)


def test_a_translation_replaces_one_of_the_same_text_and_language(team: Team) -> None:
    other = team.write("Tittel", context="title")
    with pytest.raises(ForeignKeyViolation):
        insert(team.services, "translations", translation(team, team.tove, replaces=other), as_=team.tove)


# ---- approving


def approve(team: Team, by: Principal, seen: str, *, subject: str = OWN) -> None:
    values = {"id": new_id(), "subject": subject, "seen": seen, "at": datetime.now(UTC)}
    run(team.services, "SELECT approve_wording(%(id)s, %(subject)s, 'nb', %(seen)s, %(at)s)", values, as_=by)


def test_only_an_approver_of_the_language_makes_a_version(team: Team, database: TestDatabase) -> None:
    """E1"""
    team.whole()
    seen = team.completeness().content_hash
    for principal in everybody(team):
        assert refusal(approve, team, principal, seen) is InsufficientPrivilege
    for translator in (team.tove, team.nora, Translator(new_id())):
        assert refusal(approve, team, translator, seen) is CheckViolation
    assert rows(database, "SELECT * FROM wordings WHERE locale = 'nb'") == []
    approve(team, team.rita, seen)


def test_a_version_is_of_the_texts_that_were_seen(team: Team) -> None:
    """E1"""
    team.whole()
    with pytest.raises(CheckViolation, match="not those that were looked at"):
        approve(team, team.rita, "sha256:another")
    with pytest.raises(CheckViolation, match="not an approver"):
        approve(team, team.rita, "", subject="instrument:eq5d-5l:1.0:self")


def test_demonstration_wording_is_not_approved_outside_a_demonstration(team: Team, database: TestDatabase) -> None:
    """D1"""
    subject = "instrument:promis-anxiety:1.0:self"
    team.whole(subject)
    seen = team.completeness(subject).content_hash
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE deployment SET demonstration = false")
    with pytest.raises(CheckViolation, match="demonstration wording is for a demonstration"):
        approve(team, team.rita, seen, subject=subject)
