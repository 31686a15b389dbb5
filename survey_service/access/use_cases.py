"""Signing in, going on, signing out; and setting up the organisations that people sign in to."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from notifications.sender_ids import sms_sender_id
from notifications.specialities import names_speciality
from survey_service.access.handovers import end_tablet, resume_tablet
from survey_service.access.holding import HeldForm as HeldForm
from survey_service.access.holding import carry_over as carry_over
from survey_service.access.holding import drop_held as drop_held
from survey_service.access.holding import held_answer as held_answer
from survey_service.access.holding import hold_answer as hold_answer
from survey_service.access.holding import purge_held_answers as purge_held_answers
from survey_service.access.letter_codes import code_for_letter as code_for_letter
from survey_service.access.letter_codes import end_letter_visit, resume_letter_visit
from survey_service.access.mandates import acting, learn_guardian, mandates_of
from survey_service.access.queries import commission_in_force, in_force
from survey_service.access.records import (
    client_assertions,
    commissions,
    providers,
    sign_in_states,
    sign_ins,
    staff_members,
    translators,
    units,
)
from survey_service.access.rules import PatientClaims, StaffClaims, TranslatorClaims
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import BadInput, SignInRefused, mark
from survey_service.foundation.crypto import digest_token
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.principals import Gate, Operator, Patient, Staff, Translator
from survey_service.foundation.services import Services

# "Last seen" is written at most this often: a page with ten requests needs one row version, not ten.
_SEEN_GRANULARITY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live sign-in.

    ``mandate_ended``: it was used for somebody else until now, and is its owner's again. ``answers_for_others``: there
    is somebody whom its owner can answer for.
    """

    sign_in_id: UUID
    principal: Patient | Staff | Translator
    expires_at: datetime
    idle_until: datetime
    mandate_ended: bool = False
    answers_for_others: bool = False


def sign_in_patient(services: Services, claims: PatientClaims) -> str:
    """Start a patient's sign-in; returns the secret for the cookie. Raises ``SignInRefused`` for a stranger."""
    person_id = learn_guardian(services, claims.number)
    if person_id is None:
        raise SignInRefused("There is nothing for you here: no care unit has asked you anything.")
    return _start(services, Patient(person_id), acr=claims.acr)


def sign_in_staff(services: Services, claims: StaffClaims) -> str:
    """Start a sign-in under a commission that the provider has recorded and that is in force."""
    with services.db.transaction(as_=Gate()) as connection:
        found = commission_in_force(
            connection,
            staff_hsa_id=claims.staff_hsa_id,
            unit_hsa_id=claims.unit_hsa_id,
            now=services.clock(),
        )
    if found is None:
        raise SignInRefused("You have no commission here that is in force. Ask your unit manager.")
    return _start(services, found, acr=claims.acr)


def sign_in_translator(services: Services, claims: TranslatorClaims) -> str:
    """Start the sign-in of a translator whom an operator has entered, and whose time has not ended."""
    query = sa.select(translators.c.id, _translates(services.clock()).label("is_in_force"))
    with services.db.transaction(as_=Gate()) as connection:
        found = connection.execute(query.where(translators.c.hsa_id == claims.hsa_id)).first()
    if found is None:
        # Most likely a clinician who chose the wrong one of two commissions.
        raise SignInRefused("Choose a commission for care and treatment when you sign in.")
    if not found.is_in_force:
        raise SignInRefused("Your time as a translator here has ended. Ask those who run the service.")
    return _start(services, Translator(found.id), acr=claims.acr)


def resume(services: Services, token: str) -> SignedIn | None:
    """The sign-in behind a cookie, or None when it has ended, expired, or never was."""
    now = services.clock()
    with services.db.transaction(as_=Gate()) as connection:
        row = connection.execute(sa.select(sign_ins).where(sign_ins.c.token_digest == digest_token(token))).first()
        if row is None:
            lent = resume_tablet(connection, token, now) or resume_letter_visit(connection, token, now)
            return None if lent is None else SignedIn(*lent)
        if row.ended_at is not None or now >= row.expires_at:
            return None
        idle_until = row.last_seen_at + timedelta(seconds=services.settings.sign_in_idle)
        if now >= idle_until or not _is_still_entitled(connection, row, now):
            return None
        if now - row.last_seen_at >= _SEEN_GRANULARITY:
            connection.execute(sa.update(sign_ins).where(sign_ins.c.id == row.id).values(last_seen_at=now))
            idle_until += now - row.last_seen_at
        held = mandates_of(connection, row.person_id, now) if row.kind == "patient" else []
        for_another = acting(held, row.person_id, row.acting_for)
        has_ended = row.acting_for is not None and for_another is None
        if has_ended:
            connection.execute(sa.update(sign_ins).where(sign_ins.c.id == row.id).values(acting_for=None))
    return SignedIn(row.id, for_another or _principal(row), row.expires_at, idle_until, has_ended, bool(held))


def _principal(row: sa.Row[Any]) -> Patient | Staff | Translator:
    match row.kind:
        case "patient":
            return Patient(row.person_id)
        case "translator":
            return Translator(row.translator_id)
        case _:
            return Staff(row.staff_id, row.provider_id, row.unit_id)


def _is_still_entitled(connection: Connection, row: sa.Row[Any], now: datetime) -> bool:
    if row.kind == "staff":
        return _has_commission(connection, row, now)
    if row.kind == "translator":
        query = sa.select(translators.c.id).where(translators.c.id == row.translator_id, _translates(now))
        return connection.execute(query).first() is not None
    return True


def _translates(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        translators.c.valid_from <= now, sa.or_(translators.c.valid_until.is_(None), translators.c.valid_until > now)
    )


def _has_commission(connection: Connection, row: sa.Row[Any], now: datetime) -> bool:
    """Whether the commission of a sign-in is still in force: one that ends takes its sessions with it."""
    found = connection.execute(
        sa.select(commissions.c.id).where(
            commissions.c.staff_id == row.staff_id,
            commissions.c.unit_id == row.unit_id,
            in_force(now),
        )
    ).first()
    return found is not None


def sign_out(services: Services, token: str) -> None:
    """End the sign-in at once, on every tab, and whatever was held for it. Harmless when repeated."""
    end_sign_in(services, token)
    drop_held(services, token)


def end_sign_in(services: Services, token: str) -> None:
    """As ``sign_out``, but what is held for it stays, as when time is over."""
    with services.db.transaction(as_=Gate()) as connection:
        connection.execute(
            sa.update(sign_ins)
            .where(sign_ins.c.token_digest == digest_token(token), sign_ins.c.ended_at.is_(None))
            .values(ended_at=services.clock())
        )
        end_tablet(connection, token, services.clock())
        end_letter_visit(connection, token, services.clock())


def use_assertion_once(services: Services, *, client_id: str, jti: str, expires_at: datetime) -> bool:
    """Whether this client assertion is new. The row is the proof: the same one twice is refused."""
    with services.db.transaction(as_=Gate()) as connection:
        now = services.clock()
        connection.execute(sa.delete(client_assertions).where(client_assertions.c.expires_at < now))
        return insert_if_new(
            connection,
            upsert(client_assertions)
            .values(client_id=client_id, jti_digest=digest_token(jti), expires_at=expires_at)
            .on_conflict_do_nothing(),
        )


class SignInStates:
    """State of sign-ins on their way to the identity provider and back (Authlib's cache): taken once, then gone."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def set(self, key: str, value: str, expires_in: int) -> None:
        now = self._services.clock()
        with self._services.db.transaction(as_=Gate()) as connection:
            connection.execute(sa.delete(sign_in_states).where(sign_in_states.c.expires_at < now))
            connection.execute(
                insert(sign_in_states).values(
                    key_digest=digest_token(key),
                    content=value,
                    expires_at=now + timedelta(seconds=expires_in),
                )
            )

    def get(self, key: str) -> str | None:
        with self._services.db.transaction(as_=Gate()) as connection:
            found: str | None = connection.execute(
                sa.select(sign_in_states.c.content).where(
                    sign_in_states.c.key_digest == digest_token(key),
                    sign_in_states.c.expires_at > self._services.clock(),
                )
            ).scalar_one_or_none()
        return found

    def delete(self, key: str) -> None:
        with self._services.db.transaction(as_=Gate()) as connection:
            connection.execute(sa.delete(sign_in_states).where(sign_in_states.c.key_digest == digest_token(key)))


def add_provider(services: Services, *, hsa_id: str, name: str, sender_name: str, legal_regime: str) -> UUID:
    """Enter a care provider. ``sender_name`` is what a stranger may read on a locked phone.

    Raises ``BadInput`` for one that says what kind of care it is.
    """
    if names_speciality(sender_name) or not sms_sender_id(sender_name):
        raise BadInput(
            "The sender's name must say nothing of what kind of care it is.",
            fields={"sender_name": mark("Write a neutral name, such as that of the region or the company.")},
        )
    provider_id = new_id()
    with services.db.transaction(as_=Operator()) as connection:
        connection.execute(
            insert(providers).values(
                id=provider_id, hsa_id=hsa_id, name=name, sender_name=sender_name, legal_regime=legal_regime
            )
        )
    return provider_id


def add_unit(services: Services, *, provider_id: UUID, hsa_id: str, name: str) -> UUID:
    unit_id = new_id()
    with services.db.transaction(as_=Operator()) as connection:
        connection.execute(insert(units).values(id=unit_id, provider_id=provider_id, hsa_id=hsa_id, name=name))
    return unit_id


def add_staff_member(
    services: Services,
    *,
    provider_id: UUID,
    unit_id: UUID,
    hsa_id: str,
    name: str,
    role: str = "clinician",
    since: datetime | None = None,
) -> UUID:
    """Enter a member of staff with a commission at one unit, in force from now on, or ``since``."""
    staff_id = new_id()
    with services.db.transaction(as_=Operator()) as connection:
        connection.execute(insert(staff_members).values(id=staff_id, provider_id=provider_id, hsa_id=hsa_id, name=name))
        connection.execute(
            insert(commissions).values(
                id=new_id(),
                provider_id=provider_id,
                staff_id=staff_id,
                unit_id=unit_id,
                role=role,
                valid_from=since or services.clock(),
            )
        )
    return staff_id


def add_translator(
    services: Services,
    *,
    hsa_id: str,
    name: str,
    may_review: bool = False,
    may_approve: bool = False,
    locales: Collection[str] | None = None,
) -> UUID:
    """Enter somebody who translates, from now on; ``locales`` None is every language. Raises ``BadInput``."""
    translator_id = new_id()
    row = {
        "id": translator_id,
        "hsa_id": hsa_id.strip(),
        "name": name.strip(),
        "may_review": may_review,
        "may_approve": may_approve,
        "locales": None if locales is None else sorted(locales),
        "valid_from": services.clock(),
    }
    if not row["hsa_id"] or not row["name"]:
        raise BadInput("A translator has an HSA id and a name.")
    with services.db.transaction(as_=Operator()) as connection:
        if not insert_if_new(connection, upsert(translators).values(row).on_conflict_do_nothing()):
            raise BadInput("There is a translator with this HSA id already.")
    return translator_id


def end_translator(services: Services, translator_id: UUID) -> None:
    """End somebody's time as a translator, and their sign-ins with it. What they made stays, under their name."""
    with services.db.transaction(as_=Operator()) as connection:
        connection.execute(
            sa.update(translators).where(translators.c.id == translator_id).values(valid_until=services.clock())
        )


def _start(services: Services, principal: Patient | Staff | Translator, *, acr: str) -> str:
    token = secrets.token_urlsafe(32)
    now = services.clock()
    with services.db.transaction(as_=Gate()) as connection:
        connection.execute(
            insert(sign_ins).values(
                token_digest=digest_token(token),
                id=new_id(),
                acr=acr,
                started_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(seconds=services.settings.sign_in_longest),
                **_columns(principal),
            )
        )
    person_id = principal.person_id if isinstance(principal, Patient) else None
    with services.db.transaction(as_=principal) as connection:
        record_access(
            connection,
            services.clock,
            [Access(Activity.SIGN_IN, _purpose(principal), "sign_in", person_id=person_id)],
            by=principal,
        )
    return token


def _columns(principal: Patient | Staff | Translator) -> dict[str, Any]:
    match principal:
        case Patient():
            return {"kind": "patient", "person_id": principal.person_id}
        case Translator():
            return {"kind": "translator", "translator_id": principal.translator_id}
        case Staff():
            return {
                "kind": "staff",
                "staff_id": principal.staff_id,
                "provider_id": principal.provider_id,
                "unit_id": principal.unit_id,
            }
        case _:
            assert_never(principal)


def _purpose(principal: Patient | Staff | Translator) -> Purpose:
    match principal:
        case Patient():
            return Purpose.OWN_ACCESS
        case Translator():
            return Purpose.ADMINISTRATION
        case _:
            return Purpose.CARE
