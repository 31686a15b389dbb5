"""Releasing: what a provider has received and agreed to give, and no patient has refused, goes into the feed.

The database is the judge: each release points at the receipt, the agreement, the notice given, and the patient's choice
not to object, and a trigger asks for the rest. What is decided here is decided alike, so that it never refuses.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from instruments import Answered, AnswerKind, Score
from survey_service.access.queries import Unit, all_units, provider
from survey_service.answering.queries import (
    Response,
    notices_given_at,
    open_corrections,
    open_log,
    responses_with_ids,
    scores_of_versions,
    sealed_logs,
)
from survey_service.answering.rules import amended
from survey_service.delivery.queries import (
    Version,
    VersionKind,
    current_version,
    flags_of_versions,
    received_since,
    sealed_corrections,
    whereabouts,
)
from survey_service.delivery.use_cases import RELEASE_JOB
from survey_service.foundation.clock import at_local_time
from survey_service.foundation.crypto import PersonCipher, service_cipher
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.people.queries import open_patients, sealed_patients
from survey_service.registers.payload import Result, payload, seal_content, sealed_content
from survey_service.registers.queries import agreements_in_force, pseudonym_keys, released_already
from survey_service.registers.records import releases
from survey_service.registers.replacing import NewRelease, SetAside, announce, set_aside
from survey_service.registers.rules import (
    BACKLOG_JOB,
    PSEUDONYM_KEY_PLACE,
    Agreement,
    Held,
    Identifier,
    Received,
    judge,
    keyed_pseudonym,
    newest_agreements,
)
from survey_service.scheduling.queries import Occasion, occasions_of_tasks

# Positions of a feed are taken for so many at a time: 11,575 a second, beside 1,334 one by one.
BATCH = 50
# A run of the backlog's job ends after so many, and enqueues the next: one that is killed has little to do again.
_BATCHES_A_RUN = 20


@dataclass(frozen=True, slots=True)
class Opened:
    """What had to be opened for the agreements in force, of which version. Never printed."""

    version: int
    cipher: PersonCipher = field(repr=False)
    number: str | None = field(repr=False)
    answers: Sequence[Answered] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Material:
    """A received response with all that a payload says of it."""

    response: Response
    occasion: Occasion
    received: Received
    scores: Sequence[Score]
    version: int
    flags: Sequence[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``written`` new releases; ``sealed``: responses of which something has to be opened before they can be."""

    written: int
    sealed: frozenset[UUID]


def release_batch(services: Services, response_ids: Sequence[UUID], *, as_: System) -> int:
    """Release received responses to every register that may have them; returns how many new releases there are.

    In one transaction, or in two where something sealed has to be opened between. Harmless when repeated. Under a
    review hold they come back by themselves when the hold is over.
    """
    first = services.db.run(lambda connection: _release(connection, services, response_ids, {}, as_=as_), as_=as_)
    if not first.sealed:
        return first.written
    opened = _open(services, first.sealed, as_=as_)
    # What is still sealed now was agreed on or corrected in between: the agreement has its own backlog, the correction
    # its own job.
    second = services.db.run(
        lambda connection: _release(connection, services, sorted(first.sealed), opened, as_=as_), as_=as_
    )
    return first.written + second.written


def release_backlog(services: Services, *, register_id: UUID, after: UUID | None, as_: System) -> int:
    """Release to a register what was received before it could have it, some thousand at a time; returns how many.

    Enqueues itself for the rest, from the response that it came to.
    """
    written = 0
    for _ in range(_BATCHES_A_RUN):
        with services.db.transaction(as_=as_) as connection:
            response_ids = _backlog(connection, services, register_id, after, as_=as_)
            missing = sorted(set(response_ids) - released_already(connection, register_id, response_ids))
        if missing:
            written += release_batch(services, missing, as_=as_)
        if len(response_ids) < BATCH:
            return written
        after = response_ids[-1]
    assert after is not None
    with services.db.transaction(as_=as_) as connection:
        enqueue(connection, BACKLOG_JOB, provider_id=as_.provider_id, register_id=register_id, after=after)
    return written


def _backlog(
    connection: Connection, services: Services, register_id: UUID, after: UUID | None, *, as_: System
) -> list[UUID]:
    agreed = newest_agreements(agreements_in_force(connection, as_.provider_id, services.clock()))
    for agreement in agreed:
        if agreement.register_id == register_id:
            since = at_local_time(agreement.look_back, time(0, 0))
            return received_since(connection, since, after=after, limit=BATCH)
    return []


def _release(
    connection: Connection,
    services: Services,
    response_ids: Sequence[UUID],
    opened: Mapping[UUID, Opened],
    *,
    as_: System,
) -> Outcome:
    # Only now is the clock read: what ended, or was suspended, while this waited is not in force any more.
    connection.execute(sa.text("SELECT hold_agreements()"))
    agreed = newest_agreements(agreements_in_force(connection, as_.provider_id, services.clock()))
    # Read once, and first: all that follows is told of these versions, and the database refuses another than stands.
    stands = current_version(connection, response_ids)
    earlier = set_aside(connection, response_ids)
    if not agreed and not earlier:
        return Outcome(0, frozenset())
    materials = _materials(connection, stands)
    _come_back_after_holds(connection, services, materials, agreed)
    writer = _Writer(connection, services, opened, earlier, as_=as_)
    sealed: set[UUID] = set()
    waiting: set[tuple[UUID, UUID]] = set()
    new: list[NewRelease] = []
    for agreement in agreed:
        due = [one for one in materials if judge(one.received, agreement, services.clock()) is None]
        closed = {one.response.id for one in due if _is_closed(one, agreement, opened)}
        sealed |= closed
        waiting |= {(agreement.register_id, response_id) for response_id in closed}
        written = [writer.write(one, agreement) for one in due if one.response.id not in closed]
        new += [one for one in written if one is not None]
    # Last: the lock on a feed is held only until the commit that follows.
    announce(connection, services, new, {place: one for place, one in earlier.items() if place not in waiting})
    return Outcome(len(new), frozenset(sealed))


def _is_closed(material: _Material, agreement: Agreement, opened: Mapping[UUID, Opened]) -> bool:
    if not agreement.needs_opening(material.response.session.instrument):
        return False
    found = opened.get(material.response.id)
    return found is None or found.version != material.version


def _come_back_after_holds(
    connection: Connection, services: Services, materials: Collection[_Material], agreed: Collection[Agreement]
) -> None:
    for one in materials:
        holds = {
            judged.until
            for agreement in agreed
            if isinstance(judged := judge(one.received, agreement, services.clock()), Held)
        }
        for until in holds:
            found = one.response
            enqueue(connection, RELEASE_JOB, at=until, provider_id=found.provider_id, response_id=found.id)


def _materials(connection: Connection, stands: Mapping[UUID, Version]) -> list[_Material]:
    """Those of the responses that have been received, oldest first."""
    happened = whereabouts(connection, list(stands))
    found = [
        one
        for one in responses_with_ids(connection, list(stands))
        if one.id in happened and happened[one.id].received_at
    ]
    told = [stands[one.id] for one in found]
    scores, flags = scores_of_versions(connection, told), flags_of_versions(connection, told)
    asked_at = occasions_of_tasks(connection, [one.session.task_id for one in found])
    notices = notices_given_at(connection, {one.session.notice_id for one in found})
    materials = []
    for one in reversed(found):
        received_at = happened[one.id].received_at
        assert received_at is not None
        received = Received(
            legal_regime=asked_at[one.session.task_id].legal_regime,
            completed_at=one.completed_at,
            received_at=received_at,
            notice_given_at=notices[one.session.notice_id],
            voided=stands[one.id].kind is VersionKind.VOIDED,
            variables=frozenset(score.variable for score in scores[one.id]),
        )
        materials.append(
            _Material(
                response=one,
                occasion=asked_at[one.session.task_id],
                received=received,
                scores=scores[one.id],
                version=stands[one.id].number,
                flags=flags[one.id],
            )
        )
    return materials


class _Writer:
    """Writes releases in one transaction, reading what they share once."""

    def __init__(
        self,
        connection: Connection,
        services: Services,
        opened: Mapping[UUID, Opened],
        earlier: Mapping[tuple[UUID, UUID], SetAside],
        *,
        as_: System,
    ) -> None:
        self._connection = connection
        self._services = services
        self._opened = opened
        self._earlier = earlier
        self._provider_hsa_id = provider(connection, as_.provider_id).hsa_id
        self._units: Mapping[UUID, Unit] = all_units(connection)
        self._keys: Mapping[UUID, bytes] = pseudonym_keys(connection) if opened else {}

    def write(self, material: _Material, agreement: Agreement) -> NewRelease | None:
        """The new release, or None when the patient has objected, nobody can be named, or it was there before."""
        found = material.response
        pseudonym = self._join(found, agreement)
        if pseudonym is None:
            return None
        subject = self._subject(found.id, agreement, pseudonym)
        if subject is None and not self._can_seal_number(found.id, agreement):
            return None
        earlier = self._earlier.get((agreement.register_id, found.id))
        # The register's name for the response outlives a version of it.
        release_id, reference = new_id(), earlier.reference if earlier else new_id()
        told = Result(
            response=found,
            occasion=material.occasion,
            scores=material.scores,
            provider_hsa_id=self._provider_hsa_id,
            unit_hsa_id=self._units[found.unit_id].hsa_id,
            reference=reference,
            version=material.version,
            subject=subject,
            flags=material.flags,
        )
        is_new = insert_if_new(
            self._connection,
            upsert(releases)
            .values(
                id=release_id,
                response_id=found.id,
                provider_id=found.provider_id,
                person_id=found.person_id,
                register_id=agreement.register_id,
                agreement_id=agreement.id,
                notice_id=found.session.notice_id,
                reference=reference,
                version=material.version,
                payload=payload(told, agreement),
                sealed=self._seal(found, release_id, agreement),
                released_at=self._services.clock(),
            )
            .on_conflict_do_nothing(index_elements=["response_id", "register_id"]),
        )
        return NewRelease(agreement.register_id, found.id, release_id) if is_new else None

    def _join(self, found: Response, agreement: Agreement) -> UUID | None:
        """The person's pseudonym in the register; None when the person has objected to it."""
        pseudonym: UUID | None = self._connection.execute(
            sa.text("SELECT join_register(:person, :register, :pseudonym, :at)"),
            {
                "person": found.person_id,
                "register": agreement.register_id,
                "pseudonym": new_id(),
                "at": self._services.clock(),
            },
        ).scalar_one()
        return pseudonym

    def _subject(self, response_id: UUID, agreement: Agreement, pseudonym: UUID) -> str | None:
        match agreement.identifier:
            case Identifier.PSEUDONYM:
                return str(pseudonym)
            case Identifier.KEYED_PSEUDONYM:
                number = self._opened[response_id].number
                sealed = self._keys.get(agreement.register_id)
                if number is None or sealed is None:
                    return None
                cipher = service_cipher(self._services.settings.master_keyset)
                key = cipher.open(sealed, **PSEUDONYM_KEY_PLACE, row=str(agreement.register_id))
                return keyed_pseudonym(bytes.fromhex(key), number)
            case Identifier.PERSONAL_NUMBER:
                return None

    def _can_seal_number(self, response_id: UUID, agreement: Agreement) -> bool:
        return agreement.identifier is Identifier.PERSONAL_NUMBER and self._opened[response_id].number is not None

    def _seal(self, found: Response, release_id: UUID, agreement: Agreement) -> bytes | None:
        opened = self._opened.get(found.id)
        if opened is None:
            return None
        content = sealed_content(
            number=opened.number if agreement.identifier is Identifier.PERSONAL_NUMBER else None,
            answers=opened.answers if found.session.instrument in agreement.item_answers else None,
        )
        return None if content is None else seal_content(opened.cipher, release_id, content)


def _open(services: Services, response_ids: Collection[UUID], *, as_: System) -> Mapping[UUID, Opened]:
    """Identity numbers and answers in clear, by response; those of erased persons are not there."""
    with services.db.transaction(as_=as_) as connection:
        found = responses_with_ids(connection, response_ids)
        patients = sealed_patients(connection, {one.person_id for one in found})
        logs = sealed_logs(connection, [one.session.id for one in found])
        stands = current_version(connection, [one.id for one in found])
        corrections = {one.id: sealed_corrections(connection, one.id, up_to=stands[one.id].number) for one in found}
    ciphers = services.keys.ciphers({one.person_id for one in found})
    identities = open_patients(services.keys, patients)
    return {
        one.id: Opened(
            version=stands[one.id].number,
            cipher=ciphers[one.person_id],
            number=identities[one.person_id].number if one.person_id in identities else None,
            answers=_answers(services, ciphers[one.person_id], one, logs[one.session.id], corrections[one.id]),
        )
        for one in found
        if one.person_id in ciphers
    }


def _answers(
    services: Services,
    cipher: PersonCipher,
    found: Response,
    log: Sequence[sa.Row[tuple[object, ...]]],
    corrected: Sequence[sa.Row[Any]],
) -> list[Answered]:
    """The answers that count, corrections in place, in the order of the questions."""
    session = found.session
    instrument = services.library.get(session.instrument, session.instrument_version, session.form)
    corrections = open_corrections(cipher, corrected, instrument.items)
    stands = amended(open_log(cipher, log, instrument.items), corrections, instrument)
    return [one for one in stands if one.kind is not AnswerKind.SHOWN]
