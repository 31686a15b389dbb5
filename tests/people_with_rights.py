"""Those who set rights and those who watch over them, beside alice, bob and charlie."""

from uuid import UUID

from survey_service.access.queries import commissions_of
from survey_service.access.rights import NewCommission, give_commission
from survey_service.access.rules import Role, StaffClaims
from survey_service.access.use_cases import add_staff_member, sign_in_staff
from survey_service.demo.people import LOA3
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from tests.world import UNIT_HSA, World


def colleague(world: World, role: Role, *, name: str = "dana") -> Staff:
    """Somebody new at alice's unit."""
    who = world.alice
    hsa_id = f"SE2321000016-{name}"
    staff_id = add_staff_member(
        world.services,
        provider_id=who.provider_id,
        unit_id=who.unit_id,
        hsa_id=hsa_id,
        name=name.title(),
        role=role.value,
        since=world.services.clock(),
    )
    return Staff(staff_id, who.provider_id, who.unit_id)


def limited(world: World, *protocols: str, by: Staff, name: str = "lina") -> Staff:
    """A clinician at alice's unit whom an administrator has limited to these protocols."""
    new = commission(world, name=name, protocols=[world.protocols[code] for code in protocols])
    give_commission(world.services, new, as_=by)
    with world.services.db.transaction(as_=by) as connection:
        given = next(one for one in commissions_of(connection, limit=100) if one.id == new.id)
    return Staff(given.staff_id, by.provider_id, given.unit_id)


def commission(world: World, *, name: str = "lina", role: Role = Role.CLINICIAN, **changes: object) -> NewCommission:
    """What an administrator might give, at alice's unit."""
    values: dict[str, object] = {
        "id": new_id(),
        "hsa_id": f"SE2321000016-{name}",
        "name": name.title(),
        "unit_id": world.alice.unit_id,
        "role": role,
        "valid_from": world.services.clock(),
    }
    return NewCommission(**(values | changes))  # type: ignore[arg-type]  # because tests change what they like


def cookie(world: World, name: str) -> str:
    return sign_in_staff(
        world.services, StaffClaims(staff_hsa_id=f"SE2321000016-{name}", unit_hsa_id=UNIT_HSA, acr=LOA3)
    )


def commission_of(world: World, who: Staff) -> UUID:
    """Their newest commission."""
    with world.services.db.transaction(as_=who) as connection:
        return next(one.id for one in commissions_of(connection, limit=100) if one.staff_id == who.staff_id)
