"""Writing the access log."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, insert

from survey_service.audit.records import audit_events
from survey_service.audit.rules import Access, actor_of
from survey_service.foundation.clock import Clock
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient, Principal, Register, Translator
from survey_service.foundation.services import Services


def record_access(connection: Connection, clock: Clock, accesses: Iterable[Access], *, by: Principal) -> None:
    """Log what is being done, in the transaction that does it: either both are kept or neither."""
    rows = [_row(clock, access, by=by, outcome="allowed") for access in accesses]
    if rows:
        connection.execute(insert(audit_events), rows)


def record_denial(services: Services, access: Access, *, by: Principal, reason: str) -> None:
    """Log a refusal in a transaction of its own, since the refused one rolls back."""
    row = _row(services.clock, access, by=by, outcome="denied", reason=reason)
    if isinstance(by, Patient):
        # What a patient was refused is somebody else's, or nothing: the event is about whoever tried, in their own
        # name, since the mandate to act in another's may be what has ended.
        row |= {"person_id": by.acts, "provider_id": None}
        by = Patient(by.acts, by.occasion_id)
    if isinstance(by, Register | Translator):
        row |= {"person_id": None, "provider_id": None}
    with services.db.transaction(as_=by) as connection:
        connection.execute(insert(audit_events), [row])


def _row(clock: Clock, access: Access, *, by: Principal, outcome: str, reason: str | None = None) -> dict[str, Any]:
    kind, actor_id, unit_id, provider_id = actor_of(by)
    return {
        "id": new_id(),
        "at": clock(),
        "actor_kind": kind,
        "actor_id": actor_id,
        "unit_id": unit_id,
        "provider_id": access.provider_id or provider_id,
        "person_id": access.person_id,
        "activity": access.activity.value,
        "purpose": access.purpose.value,
        "object_kind": access.object_kind,
        "object_id": access.object_id,
        "outcome": outcome,
        "reason": reason or access.reason,
    }
