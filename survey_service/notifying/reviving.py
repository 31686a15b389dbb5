"""Sending once more what was given up, because somebody at the unit, or the operator, wants it."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import AccessDenied
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Operator, Staff
from survey_service.foundation.services import Services
from survey_service.notifying.queries import occasion_of_dispatch
from survey_service.scheduling.use_cases import own_occasion


def send_again(services: Services, dispatch_id: UUID, *, as_: Staff) -> bool:
    """Try a message anew that was given up; False when it is under way already. A second press changes nothing.

    Raises ``AccessDenied`` for another unit's.
    """
    with services.db.transaction(as_=as_) as connection:
        occasion_id = occasion_of_dispatch(connection, dispatch_id)
        if occasion_id is None:
            raise AccessDenied
        found = own_occasion(connection, occasion_id, as_=as_, now=services.clock())
        is_new = _revive(connection, services, dispatch_id)
        if is_new:
            access = Access(Activity.WRITE, Purpose.CARE, "dispatch", dispatch_id, found.person_id)
            record_access(connection, services.clock, [access], by=as_)
    return is_new


def revive(services: Services, dispatch_ids: list[UUID]) -> int:
    """As the operator, for any provider; returns how many were given up until now."""
    with services.db.transaction(as_=Operator()) as connection:
        return sum(_revive(connection, services, one) for one in dispatch_ids)


def _revive(connection: Connection, services: Services, dispatch_id: UUID) -> bool:
    statement = sa.text("SELECT revive_dispatch(:id, :dispatch, :at)")
    values = {"id": new_id(), "dispatch": dispatch_id, "at": services.clock()}
    return bool(connection.execute(statement, values).scalar_one())
