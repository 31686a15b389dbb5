"""What the provider has of a patient: whether there is anything, at which units, and the way to opening it.

For somebody whom the own unit does not follow, or does not follow alone. It shows no name and no answer. Where the
patient has closed a unit to the others, it says that there is a block, and nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from survey_service.access.queries import all_units
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.queries import delivered_about
from survey_service.delivery.use_cases import caring
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.history.queries import units_with_history
from survey_service.people.queries import sealed_patients
from survey_service.privacy.queries import closed_units
from survey_service.scheduling.queries import followed_people, units_following


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """``is_own``: the unit follows the patient, in a protocol of the commission. ``units`` are the others' names.

    ``to_open`` and ``to_open_blocked`` are responses by which a reason can be given, where one is needed.
    """

    is_own: bool
    units: Sequence[str]
    is_blocked: bool
    to_open: UUID | None
    to_open_blocked: UUID | None


def look_elsewhere(services: Services, person_id: UUID, *, as_: Staff) -> Elsewhere:
    """What there is to know before there is a reason. Logged about whoever is a patient of the provider.

    Of a person who is none, it says the same as of nobody. Raises ``AccessDenied`` for who is not in care.
    """
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        rights = caring(connection, as_, now)
        names = {one.id: one.name for one in all_units(connection).values()}
        closed = closed_units(connection, person_id, as_.unit_id)
        holding = units_following(connection, person_id) | units_with_history(connection, person_id)
        given = delivered_about(connection, person_id)
        if sealed_patients(connection, [person_id]):
            looked = Access(Activity.READ, Purpose.CARE, "elsewhere", None, person_id)
            record_access(connection, services.clock, [looked], by=as_)
        is_limited = rights.protocols is not None
        followed = followed_people(connection, [person_id], as_.unit_id, protocols=rights.protocols)
    # Whoever is limited to protocols may need a reason at the own unit too.
    others = [one for one in given if one[1] != as_.unit_id or is_limited]
    shown = (holding | {unit_id for _, unit_id in given}) - closed - {as_.unit_id}
    return Elsewhere(
        is_own=bool(followed),
        units=sorted((names[unit_id] for unit_id in shown), key=str.casefold),
        is_blocked=bool(closed),
        to_open=next((one for one, unit_id in others if unit_id not in closed), None),
        to_open_blocked=next((one for one, unit_id in others if unit_id in closed), None),
    )
