"""Setting rights: an administrator gives and ends commissions, never their own. The database judges it once more.

Nothing is rewritten: a commission that is to change is ended, and another given. The first administrator of a provider
is an operator's to enter.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.queries import rights_of
from survey_service.access.records import commissions, staff_members
from survey_service.access.rules import Right, Role
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import AccessDenied, BadInput, mark
from survey_service.foundation.db import new_id, refused_by
from survey_service.foundation.principals import Operator, Staff
from survey_service.foundation.services import Services

_ADD_MEMBER = sa.text("SELECT add_member(:id, :hsa_id, :name, :at)")
_ADD = sa.text("SELECT add_commission(:id, :staff, :unit, :role, :from_, :until, :protocols, :at)").bindparams(
    sa.bindparam("protocols", type_=ARRAY(sa.Uuid))
)
_END = sa.text("SELECT end_commission(:id, :at)")
# What the database refuses, in words.
_REFUSALS = {
    "commissions_officer_apart": mark("A data protection officer has no other commission at the same time."),
    "commissions_from_now": mark("A commission begins today at the earliest, and ends after it begins."),
    "commissions_limited": mark("Only a clinician can be limited to protocols."),
}
_DENIALS = {
    "commissions_own": mark("Nobody sets their own rights. Ask another administrator."),
    "commissions_administrator": mark("Rights are set by an administrator of your provider."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommission:
    """What is to be given. ``id`` is made with the form, so that the same form sent twice gives one."""

    id: UUID
    hsa_id: str
    name: str
    unit_id: UUID
    role: Role
    valid_from: datetime
    valid_until: datetime | None = None
    protocols: Collection[UUID] = ()


def give_commission(services: Services, new: NewCommission, *, as_: Staff) -> bool:
    """Give it, from ``valid_from`` or now, whichever is later; whether it is new. Logged.

    Raises ``AccessDenied`` for who is no administrator, and for one's own; ``BadInput`` for what cannot be given.
    """
    now = services.clock()
    with _refusals(), services.db.transaction(as_=as_) as connection:
        rights_of(connection, as_, now).require(Right.SET_RIGHTS)
        member = {"id": new_id(), "hsa_id": new.hsa_id.strip(), "name": new.name.strip(), "at": now}
        staff_id = connection.execute(_ADD_MEMBER, member).scalar_one()
        is_new: bool = connection.execute(
            _ADD,
            {
                "id": new.id,
                "staff": staff_id,
                "unit": new.unit_id,
                "role": new.role.value,
                "from_": max(now, new.valid_from),
                "until": new.valid_until,
                "protocols": sorted(new.protocols),
                "at": now,
            },
        ).scalar_one()
        if is_new:
            _log(connection, services, new.id, f"given {new.role}", as_=as_)
    return is_new


def end_commission(services: Services, commission_id: UUID, *, as_: Staff) -> bool:
    """End it now, and the sign-ins under it with it; whether it was still to end. It stays to be seen. Logged.

    Raises ``AccessDenied`` as ``give_commission`` does.
    """
    now = services.clock()
    with _refusals(), services.db.transaction(as_=as_) as connection:
        rights_of(connection, as_, now).require(Right.SET_RIGHTS)
        is_ended: bool = connection.execute(_END, {"id": commission_id, "at": now}).scalar_one()
        if is_ended:
            _log(connection, services, commission_id, "ended", as_=as_)
    return is_ended


def make_administrator(services: Services, *, provider_id: UUID, unit_id: UUID, hsa_id: str, name: str) -> UUID:
    """For the operator: somebody who sets a provider's rights from now on. Raises ``BadInput``."""
    if not hsa_id.strip() or not name.strip():
        raise BadInput("An administrator has an HSA id and a name.")
    with _refusals(), services.db.transaction(as_=Operator()) as connection:
        member = {"id": new_id(), "provider_id": provider_id, "hsa_id": hsa_id.strip(), "name": name.strip()}
        connection.execute(upsert(staff_members).values(member).on_conflict_do_nothing())
        same = (staff_members.c.provider_id == provider_id, staff_members.c.hsa_id == member["hsa_id"])
        staff_id: UUID = connection.execute(sa.select(staff_members.c.id).where(*same)).scalar_one()
        row = {"id": new_id(), "provider_id": provider_id, "staff_id": staff_id, "unit_id": unit_id}
        values = row | {"role": Role.ADMINISTRATOR.value, "valid_from": services.clock()}
        connection.execute(sa.insert(commissions).values(values))
        access = Access(Activity.WRITE, Purpose.ADMINISTRATION, "commission", row["id"], provider_id=provider_id)
        record_access(connection, services.clock, [access], by=Operator())
    return staff_id


@contextmanager
def _refusals() -> Iterator[None]:
    """The database's refusals as sentences."""
    try:
        yield
    except sa.exc.DBAPIError as refused:
        rule = refused_by(refused)
        if rule in _DENIALS:
            raise AccessDenied(_DENIALS[rule]) from None
        if rule in _REFUSALS:
            raise BadInput(_REFUSALS[rule]) from None
        raise


def _log(connection: Connection, services: Services, commission_id: UUID, what: str, *, as_: Staff) -> None:
    access = Access(Activity.WRITE, Purpose.ADMINISTRATION, "commission", commission_id, reason=what)
    record_access(connection, services.clock, [access], by=as_)
