"""A response that serves two units: alice's, which it was given to, and bob's, which asked the same."""

from dataclasses import dataclass
from uuid import UUID

from survey_service.delivery.queries import Whereabouts, whereabouts
from survey_service.delivery.rules import Show
from survey_service.delivery.worklist_queries import Wanted, entry_ids
from survey_service.foundation.principals import Patient, Staff
from survey_service.people.rules import Identity
from survey_service.scheduling.queries import Occasion
from tests.world import World


@dataclass(frozen=True)
class Shared:
    response_id: UUID
    patient: Patient
    identity: Identity
    first: Occasion
    second: Occasion


def asked_by_both(world: World) -> Shared:
    """Ordered by both, answered to alice's unit."""
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    _, second = world.enrol(identity, by=world.bob)
    (response_id,) = world.answer(patient, first, value=5)
    return Shared(response_id, patient, identity, first, second)


def at(world: World, response_id: UUID, who: Staff | None) -> Whereabouts:
    """As it stands at somebody's unit, or (None) at the provider."""
    with world.services.db.transaction(as_=who or world.alice) as connection:
        return whereabouts(connection, [response_id], at_unit=who.unit_id if who else None)[response_id]


def listed(world: World, who: Staff, show: Show = Show.ALL) -> list[UUID]:
    wanted = Wanted(unit_id=who.unit_id, staff_id=who.staff_id, show=show)
    with world.services.db.transaction(as_=who) as connection:
        return entry_ids(connection, wanted, limit=10)
