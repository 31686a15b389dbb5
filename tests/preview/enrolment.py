"""Made-up enrolments: as one stands, before a move, from a list; and the tablet's pages, which show nobody."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace as Row
from typing import Any

from tests.preview.notices import told_occasions

Pages = dict[str, tuple[str, dict[str, Any], str | None]]


def enrolment_pages(say: Callable[[str, str], str], now: datetime) -> Pages:
    """Template, context and who looks, by name."""
    sides = [("", say("Anges inte", "Not stated")), ("left", say("Vänster", "Left"))]
    occasions = [
        _occasion(say("Före operationen", "Before surgery"), now, say("Besvarad", "Answered")),
        _occasion(say("3 månader efter", "3 months after"), now, say("Planerad", "Planned"), here=True),
    ]
    together = say("EQ-5D besvaras på Ögonmottagningen.", "EQ-5D is answered at the eye clinic.")
    moved = Row(
        words=say("Händelsen flyttades", "The event was moved"),
        at=now,
        by="Astrid Lindqvist",
        reason=None,
        notes=["2026-11-22 → 2026-11-29"],
    )
    enrolled = {
        "person_id": "p1",
        "enrolment_id": "1",
        "patient_name": "Bertil Öberg",
        "protocol_name": say("Knäoperation", "Knee surgery"),
        "care_contact": "OP-2026-1734",
        "state": "active",
        "is_over": False,
        "is_dead": False,
        "event": Row(date=say("29 november 2026", "29 November 2026"), procedure="NGB49", side=say("Vänster", "Left")),
        "occasions": occasions,
        "told": told_occasions(say, now),
        "together": [together],
        "events": [moved],
        "units": [("2", say("Ögonmottagningen", "The eye clinic"))],
        "sides": sides,
        "values": {"anchor_date": "2026-11-29", "procedure_id": "NGB49", "side": "left"},
        "errors": {},
    }
    change = Row(title=say("3 månader efter", "3 months after"), due_at=now + timedelta(days=97))
    move = enrolled | {
        "moved": [{"title": change.title, "from": now, "due_at": change.due_at}],
        "added": [change],
        "withdrawn": [change],
        "kept": 1,
        "sent": {"anchor_date": "2026-12-06"},
    }
    return {
        "staff_enrolled": ("staff/enrolled.html", enrolled, "staff"),
        "staff_enrolled_error": ("staff/enrolled.html", enrolled | {"errors": {"reason": together}}, "staff"),
        "staff_enrolled_dead": (
            "staff/enrolled.html",
            enrolled | {"state": "ended", "is_over": True, "is_dead": True},
            "staff",
        ),
        "staff_enrolled_void": ("staff/enrolled.html", enrolled | {"state": "voided", "is_over": True}, "staff"),
        "staff_move_preview": ("staff/move_preview.html", move, "staff"),
        **_lists(say),
        "staff_hand_over": ("staff/hand_over.html", {"occasion_id": "1", "link": None, "code": None}, "staff"),
        "handover": ("handover.html", {"code": "x", "done": False}, None),
        "letter": ("letter.html", {"errors": {"code": why_code(say)}, "values": {}, "done": False}, None),
        "letter_done": ("letter.html", {"errors": {}, "values": {}, "done": True}, None),
        "handover_done": ("handover.html", {"code": None, "done": True}, None),
    }


def why_code(say: Callable[[str, str], str]) -> str:
    return say("Koden är inte rätt.", "This code is not right.")


def _lists(say: Callable[[str, str], str]) -> Pages:
    why = say("Skriv ett datum, till exempel 2026-12-24.", "Write a date, for example 2026-12-24.")
    rows = [
        Row(line=2, outcome=say("Godtagen", "Accepted"), why="", enrolment_id=None),
        Row(line=3, outcome=say("Avvisad", "Refused"), why=why, enrolment_id=None),
    ]
    counts = [(row.outcome, 1) for row in rows]
    report = {"rows": rows, "counts": counts, "applied": False, "content": "name", "protocol_id": "1"}
    chosen = {
        "protocols": [("1", say("Knäoperation", "Knee surgery"))],
        "chosen": None,
        "errors": {},
        "columns": "name, side",
    }
    return {
        "staff_list": ("staff/list.html", chosen, "staff"),
        "staff_list_report": ("staff/list_report.html", report | {"return_to": "/staff"}, "staff"),
    }


def _occasion(title: str, now: datetime, status: str, *, here: bool = False) -> Row:
    return Row(
        id="1",
        title=title,
        opens_at=now,
        due_at=now + timedelta(days=7),
        closes_at=now + timedelta(days=14),
        status=status,
        can_be_handed_over=here,
        can_be_entered=here,
    )
