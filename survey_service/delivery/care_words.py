"""What the unit has done about a response, read in one go and told in words: flags, who has it, notes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from survey_service.access.queries import colleagues
from survey_service.answering.queries import Response
from survey_service.delivery.flag_words import ways
from survey_service.delivery.queries import Version
from survey_service.delivery.worklist_queries import Note, UnitFlag, entries_of, notes_of, unit_flags_of
from survey_service.foundation.clock import STOCKHOLM
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.db import new_id


@dataclass(frozen=True, slots=True)
class Care:
    """The unit's side of a response, its notes still sealed."""

    flags: Sequence[UnitFlag]
    assigned_to: UUID | None
    notes: Sequence[Note]
    colleagues: Mapping[UUID, str]
    now: datetime


def read_care(connection: Connection, found: Response, version: Version, unit_id: UUID, now: datetime) -> Care:
    """``version`` is the one that stands."""
    entry = entries_of(connection, unit_id, [found.id]).get(found.id)
    return Care(
        flags=unit_flags_of(connection, {found.id: version}, unit_id)[found.id],
        assigned_to=entry.assigned_to if entry else None,
        notes=notes_of(connection, found.id, unit_id),
        colleagues=colleagues(connection, unit_id, now),
        now=now,
    )


def describe_care(care: Care, cipher: PersonCipher, names: Mapping[UUID, str]) -> dict[str, Any]:
    """For the response's page."""
    said = dict(ways())
    return {
        "assigned_to": names.get(care.assigned_to) if care.assigned_to else None,
        "colleagues": sorted(care.colleagues.items(), key=lambda one: one[1]),
        "notes": [
            {
                "at": note.at,
                "by": names.get(note.staff_id),
                "way": said[note.way] if note.way else None,
                "contact_at": note.contact_at,
                "text": read_note(cipher, note),
            }
            for note in care.notes
        ],
        "ways": ways(),
        "now": care.now.astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M"),
        "request_ids": [str(new_id()), str(new_id())],
    }


def read_note(cipher: PersonCipher, note: Note) -> str:
    if note.text_sealed is None:
        return ""
    return cipher.open(note.text_sealed, table="staff_notes", column="text", row=str(note.id))
