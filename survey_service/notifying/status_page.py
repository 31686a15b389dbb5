"""What a unit sees of its messages: by patient and occasion, what was sent, how it stands, and what can be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select

from notifications.ladder import Unreached
from survey_service.access.queries import rights_of
from survey_service.access.rules import Right, Rights
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, gettext
from survey_service.notifying.queries import (
    SentMessage,
    failed_occasions,
    given_up_occasions,
    messages_about,
    unreached_occasions,
    why_unreached,
)
from survey_service.notifying.rules import (
    ADDRESS_HELPS,
    CHANNEL_IN_WORDS,
    KIND_IN_WORDS,
    PAPER_HELPS,
    SEEN_IN_WORDS,
    UNREACHED_IN_WORDS,
    Filter,
    Seen,
)
from survey_service.people.queries import NAME_IS_ERASED, open_patients, sealed_patients
from survey_service.people.rules import Identity
from survey_service.scheduling.queries import Occasion, opened_occasions_of_unit
from survey_service.scheduling.rules import in_language

Context = dict[str, Any]

ROWS = 25
MOST_PAGES = 200
_CHOSEN = {
    Filter.UNREACHED: unreached_occasions,
    Filter.FAILED: failed_occasions,
    Filter.GIVEN_UP: given_up_occasions,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see. ``patient`` is whom a link led to."""

    show: Filter = Filter.ALL
    patient: UUID | None = None
    page: int = 1


def notices(services: Services, asked: Asked, *, as_: Staff) -> Context:
    """A page of the unit's occasions with their messages, the latest first. Each patient shown is logged.

    Raises ``AccessDenied`` for who is not in care.
    """
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        rights = rights_of(connection, as_, now)
        rights.require(Right.CARE)
        listed = _listed(connection, asked, rights, now, as_)
        shown, has_more = listed[:ROWS], len(listed) > ROWS
        ids = [one.id for one in shown]
        messages, unreached = messages_about(connection, ids), why_unreached(connection, ids)
        people = {one.person_id for one in shown}
        sealed = sealed_patients(connection, people)
        accesses = [Access(Activity.READ, Purpose.CARE, "notices", None, person_id) for person_id in sorted(people)]
        record_access(connection, services.clock, accesses, by=as_)
    identities = open_patients(services.keys, sealed)
    return {
        "filter": asked.show.value,
        "page": asked.page,
        "has_more": has_more,
        "patient_id": asked.patient,
        "rows": [_described(one, identities, messages.get(one.id, ()), unreached.get(one.id), now) for one in shown],
    }


def _listed(connection: Connection, asked: Asked, rights: Rights, now: datetime, as_: Staff) -> list[Occasion]:
    chosen: Select[tuple[UUID]] | None = _CHOSEN[asked.show]() if asked.show in _CHOSEN else None
    return opened_occasions_of_unit(
        connection,
        as_.unit_id,
        now,
        limit=ROWS + 1,
        offset=(asked.page - 1) * ROWS,
        chosen=chosen,
        waiting=asked.show in {Filter.UNREACHED, Filter.GIVEN_UP},
        person_id=asked.patient,
        protocols=rights.protocols,
    )


def _described(
    one: Occasion,
    identities: Mapping[UUID, Identity],
    messages: Sequence[SentMessage],
    unreached: Unreached | None,
    now: datetime,
) -> Context:
    identity = identities.get(one.person_id)
    is_open = one.is_open(now)
    return {
        "id": one.id,
        "person_id": one.person_id,
        "enrolment_id": one.enrolment_id,
        "patient_name": identity.name if identity else NAME_IS_ERASED,
        "title": in_language(one.titles, current_locale()),
        "opens_at": one.opens_at,
        "unreached": gettext(UNREACHED_IN_WORDS[unreached]) if unreached else None,
        "paper_helps": unreached in PAPER_HELPS and is_open,
        "address_helps": unreached in ADDRESS_HELPS and is_open,
        "messages": [message_in_words(message, may_send=is_open) for message in messages],
    }


def message_in_words(message: SentMessage, *, may_send: bool) -> Context:
    """A message as a page lists it. ``may_send``: whether there is still something to tell."""
    channel = CHANNEL_IN_WORDS.get(message.channel)
    return {
        "id": message.id,
        "at": message.at,
        "channel": gettext(channel) if channel else message.channel,
        "kind": gettext(KIND_IN_WORDS[message.kind]),
        "standing": message.seen.value,
        "standing_in_words": gettext(SEEN_IN_WORDS[message.seen]),
        "may_send_again": may_send and message.seen is Seen.GIVEN_UP,
    }
