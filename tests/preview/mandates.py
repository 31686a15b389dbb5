"""Samples of the pages about answering for somebody else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace as Row
from typing import Any

Say = Callable[[str, str], str]


def my_mandates(unit: str, now: datetime) -> list[Row]:
    """Who may answer for the patient, in My data."""
    last_day = now + timedelta(days=200)
    held = {"may_read": False, "last_day": last_day}
    return [
        Row(id="1", name="Per Ombud", unit=unit, can_be_ended=True, **held),
        Row(id="2", name="Eva Ek", unit=None, can_be_ended=False, may_read=True, last_day=last_day),
    ]


def mandate_pages(say: Say, now: datetime) -> dict[str, tuple[str, dict[str, Any], str | None]]:
    """Choosing for whom, with and without anybody; and the unit's page, with errors too."""
    ground = say("God man eller förvaltare", "Trustee or administrator by court order")
    proxy = {"name": "Per Ombud", "ground": ground, "may_read": False}
    until = say("Gäller till och med 12 juni 2027", "In force, until and including 12 June 2027")
    over = say("Avslutad 3 oktober 2026", "Ended 3 October 2026")
    page: dict[str, Any] = {
        "enrolment_id": "1",
        "patient_name": "Bertil Öberg",
        "mandates": [
            Row(id="1", note=say("Pärm 3", "Binder 3"), state=until, is_in_force=True, **proxy),
            Row(id="2", note=None, state=over, is_in_force=False, **proxy),
        ],
        "grounds": [("trustee", ground)],
        "latest": say("23 november 2028", "23 November 2028"),
        "values": {},
        "errors": {},
    }
    wrong = say("Skriv namnet på den som ska svara.", "Write the name of whoever is to answer.")
    wards = [
        Row(mandate_id="1", words=say("Ebba Ek, 8 år", "Ebba Ek, 8 years")),
        Row(mandate_id="2", words=say("ditt barn, fött 2019", "your child, born in 2019")),
    ]
    return {
        "acting": ("acting.html", {"wards": wards, "answers_for_others": True}, "patient"),
        "acting_nobody": ("acting.html", {"wards": []}, "patient"),
        "staff_mandates": ("staff/mandates.html", page, "staff"),
        "staff_mandates_wrong": (
            "staff/mandates.html",
            page | {"mandates": [], "errors": {"name": wrong}, "return_to": "/"},
            "staff",
        ),
    }
