"""Samples of the pages about rights: who has which, opening with a reason, and what the officer sees of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Row
from typing import Any

Say = Callable[[str, str], str]
AT = datetime(2026, 11, 20, 8, 15, tzinfo=UTC)


def rights_pages(say: Say) -> dict[str, tuple[str, dict[str, Any]]]:
    """Template and context, by name."""
    page = rights_page(say)
    wrong = say("Skriv HSA-id.", "Write the HSA id.")
    emergency = emergency_page(say)
    return {
        "staff_rights": ("staff/rights.html", page),
        "staff_rights_errors": ("staff/rights.html", page | {"errors": {"hsa_id": wrong}}),
        "staff_rights_read_only": ("staff/rights.html", page | {"may_set": False, "ended": []}),
        "staff_emergency": ("staff/emergency.html", emergency),
        "staff_emergency_block": ("staff/emergency.html", emergency | {"is_blocked": True}),
        "staff_elsewhere": ("staff/elsewhere.html", elsewhere_page(say)),
        "staff_elsewhere_nothing": (
            "staff/elsewhere.html",
            {
                "person_id": "8",
                "found": Row(is_own=True, units=[], is_blocked=False, to_open=None, to_open_blocked=None),
            },
        ),
        "staff_oversight": ("staff/oversight.html", oversight_page(say)),
        "staff_oversight_empty": ("staff/oversight.html", {**late_nothing(), "openings": [], "earlier": None}),
        "staff_oversight_patient": (
            "staff/oversight_patient.html",
            {
                "name": "Alice Ek",
                "personal_number": "19810211-2381",
                "reason": say("Patienten har frågat", "The patient has asked"),
            },
        ),
    }


def rights_page(say: Say) -> dict[str, Any]:
    unit = say("Knämottagningen i Sjövik", "The knee clinic in Sjövik")
    values: dict[str, Any] = {
        "unit": unit,
        "protocols": [],
        "valid_from": AT - timedelta(days=90),
        "valid_until": None,
        "granted_by": None,
        "ended_by": None,
        "may_end": True,
    }
    knee = say("Knäoperation", "Knee operation")
    clinician, manager = say("Behandlare", "Clinician"), say("Enhetschef", "Manager of the unit")
    return {
        "standing": [
            Row(**values | {"id": "1", "name": "Astrid Lindqvist", "hsa_id": "SE0000000000-a", "role": manager}),
            Row(
                **values
                | {"id": "2", "name": "Olle Ek", "hsa_id": "SE0000000000-o", "role": clinician, "protocols": [knee]}
                | {"valid_until": AT + timedelta(days=200), "granted_by": "Astrid Lindqvist"}
            ),
        ],
        "ended": [
            Row(
                **values
                | {"id": "3", "name": "Ida Berg", "hsa_id": "SE0000000000-i", "role": clinician, "may_end": False}
                | {"valid_until": AT - timedelta(days=2), "ended_by": "Astrid Lindqvist"}
            )
        ],
        "units": [("u", unit)],
        "chosen": "u",
        "protocols": [("p", knee)],
        "roles": [("clinician", clinician), ("unit_manager", manager)],
        "may_set": True,
        "most": None,
        "request_id": "r",
        "ticked": [],
        "values": {"valid_from": "2026-11-23"},
        "errors": {},
    }


def emergency_page(say: Say) -> dict[str, Any]:
    return {
        "response_id": "8",
        "is_blocked": False,
        "grounds": [
            ("care", say("Jag deltar i vården av patienten", "I take part in the patient's care")),
            ("consent", say("Patienten har samtyckt nu", "The patient has consented now")),
        ],
        "request_id": "r",
        "values": {},
        "errors": {},
    }


def late_nothing() -> dict[str, Any]:
    return {"changes": [], "denied": 0, "denials": [], "reasons": []}


def elsewhere_page(say: Say) -> dict[str, Any]:
    unit = say("Reumatologen i Sjövik", "The rheumatology unit in Sjövik")
    found = Row(is_own=False, units=[unit], is_blocked=True, to_open="8", to_open_blocked="9")
    return {"person_id": "8", "found": found}


def oversight_page(say: Say) -> dict[str, Any]:
    values = {
        "at": AT - timedelta(hours=3),
        "who": "Nora Sjö",
        "unit": say("Akutmottagningen", "The emergency unit"),
        "ground": say("Patienten har samtyckt nu", "The patient has consented now"),
        "words": say("Inför operation i kväll.", "Before the operation tonight."),
    }
    unit = say("Knämottagningen i Sjövik", "The knee clinic in Sjövik")
    change = {"at": AT, "who": "Olle Ek", "unit": unit, "role": "clinician"}
    return {
        "changes": [Row(**change, is_ended=False, by="Astrid Lindqvist"), Row(**change, is_ended=True, by=None)],
        "denied": 3,
        "denials": [Row(who="Olle Ek", unit=unit, page="delivery.response", times=3)],
        "reasons": [("patient_asks", say("Patienten har frågat", "The patient has asked"))],
        "openings": [
            Row(id="1", was_blocked=True, opened=["0198c3d2-0000-7000-8000-000000000001"], **values),
            Row(id="2", was_blocked=False, opened=[], **values | {"words": None}),
        ],
        "earlier": "2026-11-01T00:00:00+00:00",
    }
