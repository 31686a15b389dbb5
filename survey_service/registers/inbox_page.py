"""What the unit is asked by registers: one reading transaction, then plain values for the template."""

from typing import Any

from sqlalchemy import Row

from survey_service.access.queries import rights_of
from survey_service.access.rules import Right
from survey_service.answering.queries import responses_with_ids
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.languages.queries import wordings_with_ids
from survey_service.people.queries import NAME_IS_ERASED, open_patients, sealed_patients
from survey_service.registers.inbox_queries import data_queries
from survey_service.registers.queries import register_names
from survey_service.scheduling.queries import protocol_of_task

_MOST = 100


def questions(services: Services, *, as_: Staff) -> dict[str, Any]:
    """The questions about the unit's own responses, newest first; each person shown is logged."""
    with services.db.transaction(as_=as_) as connection:
        rights = rights_of(connection, as_, services.clock())
        rights.require(Right.CARE)
        asked = data_queries(connection, limit=_MOST)
        found = {one.id: one for one in responses_with_ids(connection, [row.response_id for row in asked])}
        shown = [row for row in asked if row.response_id in found and found[row.response_id].unit_id == as_.unit_id]
        if rights.protocols is not None:
            within = {row.response_id: found[row.response_id].session.task_id for row in shown}
            shown = [row for row in shown if rights.covers(protocol_of_task(connection, within[row.response_id]))]
        worded = wordings_with_ids(connection, {found[row.response_id].session.wording_id for row in shown})
        sealed = sealed_patients(connection, {row.person_id for row in shown})
        registers = register_names(connection)
        accesses = [
            Access(Activity.READ, Purpose.CARE, "register_query", row.response_id, row.person_id) for row in shown
        ]
        record_access(connection, services.clock, accesses, by=as_)
    identities = open_patients(services.keys, sealed)
    ciphers = services.keys.ciphers({row.person_id for row in shown})
    return {
        "queries": [
            {
                "response_id": row.response_id,
                "register": registers[row.register_id],
                "asked_at": row.sent_at,
                "patient_name": identities[row.person_id].name if row.person_id in identities else NAME_IS_ERASED,
                "instrument_title": worded[found[row.response_id].session.wording_id].texts["title"],
                "completed_at": found[row.response_id].completed_at,
                "text": _text(row, ciphers.get(row.person_id)),
            }
            for row in shown
        ]
    }


def _text(row: Row[Any], cipher: PersonCipher | None) -> str | None:
    """The question; None once the person has been erased, and it with them."""
    if cipher is None:
        return None
    return cipher.open(row.text_sealed, table="register_messages", column="text", row=str(row.id))
