"""What a notice must not say: the secrets of each occasion, for the check on what is about to leave.

Nothing of it is ever shown. The rendering is not handed any of this; the check is there for names and texts that
somebody else wrote.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import Connection

from notifications.message import Message, refuse_revealing
from notifications.specialities import specialities, speciality_words
from survey_service.access.queries import all_units
from survey_service.languages.queries import titles_in_every_language
from survey_service.people.rules import Identity
from survey_service.scheduling.queries import Occasion, tasks_of


def secrets_of(connection: Connection, occasions: Collection[Occasion]) -> Mapping[UUID, tuple[str, ...]]:
    """By occasion, what would tell what it is about. For a batch, in three queries."""
    asked = tasks_of(connection, [one.id for one in occasions])
    titles = titles_in_every_language(connection, {(one.instrument, one.instrument_version) for one in asked})
    about: dict[UUID, set[str]] = {one.id: set() for one in occasions}
    for task in asked:
        about[task.occasion_id] |= {task.instrument, *titles[task.instrument, task.instrument_version]}
    units = all_units(connection)
    for one in occasions:
        unit = units[one.unit_id].name
        about[one.id] |= {unit, *speciality_words(unit), *one.titles.values(), one.procedure_id or ""}
    return {occasion_id: tuple(sorted(found)) for occasion_id, found in about.items()}


def refuse_telling(
    message: Message, *, secrets: Collection[str], patient: Identity, sender_name: str, envelope: Collection[str] = ()
) -> None:
    """Raise ``RevealingMessage`` if the message tells more than that something waits, to whoever holds it.

    ``secrets`` as by ``secrets_of``. ``sender_name`` in full: a phone shows a piece of it, and the rest says as much.
    """
    refuse_revealing(
        message,
        secrets=(*secrets, *specialities(), patient.name, patient.number, patient.number[2:]),
        envelope=(*envelope, sender_name),
    )
