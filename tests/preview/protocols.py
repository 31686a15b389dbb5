"""Made-up protocols for the pages of what patients are asked."""

from datetime import UTC, datetime, timedelta
from typing import Any

SINCE = datetime(2026, 9, 1, 8, tzinfo=UTC)


def protocol_samples(locale: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Template and context by the name of the page."""

    def say(swedish: str, english: str) -> str:
        return swedish if locale == "sv" else english

    knee = {
        "id": "1",
        "code": "knee",
        "name": say("Uppföljning av din knäprotes", "Follow-up of your knee replacement"),
        "version": 2,
        "since": SINCE,
        "enrolled": 48,
        "behind": 3,
        "has_draft": True,
    }
    empty = {
        **knee,
        "id": "2",
        "code": "diary",
        "name": "diary",
        "version": 0,
        "since": None,
        "enrolled": 0,
        "behind": 0,
    }
    plan = plan_sample(locale)
    values = form_values(locale)
    row = {
        "enrolment_id": "1",
        "number": "19460708-2395",
        "code": "one-year",
        "kind": "added",
        "kind_in_words": say("Tillkommer", "Added"),
        "before": None,
        "after": (SINCE, SINCE + timedelta(days=60)),
    }
    moved = {**row, "kind": "moved", "kind_in_words": say("Flyttas", "Moved"), "before": row["after"]}
    form = {
        "id": "1",
        "saved_at": SINCE,
        "overtaken_by": None,
        "values": values,
        "errors": {},
        "locales": [("sv", "Svenska"), ("en", "English")],
        "numbers": [1],
        "may_add": True,
        "instruments": ["everyday 1.0", "energy 2.1"],
        "anchor_kinds": [("surgery", say("Operation", "Surgery"))],
        "asked": [("required", say("Anges alltid", "Always stated"))],
        "purposes": [("care", say("Vård", "Care"))],
        "policies": [("person", plan["policy"])],
    }
    wrong = {"o1_due_day": say("Skriv ett heltal.", "Write a whole number.")}
    progress = {"enrolled": 48, "left": 12}
    shown = {
        "id": "1",
        "manages": True,
        "name": knee["name"],
        "plan": plan,
        "version": 2,
        "change": progress,
        "versions": [
            {"version": 2, "at": SINCE, "by": "Astrid Lindqvist"},
            {"version": 1, "at": SINCE - timedelta(days=200), "by": None},
        ],
    }
    looked = {
        "id": "1",
        "name": knee["name"],
        "plan": plan,
        "version": 3,
        "seen": "0",
        "overtaken": True,
        "enrolled": 48,
        "paused": 2,
        "counts": {"added": 46, "moved": 9, "withdrawn": 1},
        "units": [
            {"name": say("Knämottagningen i Sjövik", "The knee clinic in Sjövik"), "enrolled": 40, "added": 38,
             "moved": 9, "withdrawn": 1},
            {"name": say("Höftmottagningen", "The hip clinic"), "enrolled": 8, "added": 8, "moved": 0, "withdrawn": 0},
        ],
        "at": SINCE,
        "progress": None,
        "occasions": [
            {"code": "before", "added": 0, "moved": 9, "withdrawn": 1},
            {"code": "one-year", "added": 46, "moved": 0, "withdrawn": 0},
        ],
        "rows": [row, moved],
        "count": 48,
    }  # fmt: skip
    lists = {"manages": True, "protocols": [knee, empty], "values": {}, "errors": {}}
    return {
        "staff_protocols": ("staff/protocols.html", lists),
        "staff_protocols_empty": ("staff/protocols.html", {**lists, "manages": False, "protocols": []}),
        "staff_protocol": ("staff/protocol.html", shown),
        "staff_protocol_new": (
            "staff/protocol.html",
            {**shown, "plan": None, "version": 0, "change": None, "versions": []},
        ),
        "staff_protocol_edit": ("staff/protocol_edit.html", form),
        "staff_protocol_edit_error": ("staff/protocol_edit.html", {**form, "errors": wrong, "overtaken_by": 3}),
        "staff_protocol_preview": ("staff/protocol_preview.html", looked),
        "staff_protocol_preview_under_way": (
            "staff/protocol_preview.html",
            {**looked, "progress": {"done": 3, "portions": 17}},
        ),
        "staff_protocol_preview_none": (
            "staff/protocol_preview.html",
            {**looked, "rows": [], "count": 0, "units": [], "overtaken": False, "paused": 0},
        ),
    }


def plan_sample(locale: str) -> dict[str, Any]:
    def say(swedish: str, english: str) -> str:
        return swedish if locale == "sv" else english

    before = {
        "code": "before",
        "title": say("Inför operationen", "Before the operation"),
        "due_day": -14,
        "opens_day": -28,
        "closes_day": 0,
        "every_days": 0,
        "times": 1,
        "reminders": [7, 12],
        "not_on_holidays": True,
        "instruments": ["everyday 1.0", "energy 2.1"],
    }
    yearly = {
        **before,
        "code": "year",
        "title": say("Årets frågor", "This year's questions"),
        "due_day": 365,
        "opens_day": 351,
        "closes_day": 425,
        "every_days": 365,
        "times": 3,
        "reminders": [],
        "not_on_holidays": False,
    }
    return {
        "reason": say("Vi vill veta hur knäet fungerar.", "We want to know how the knee works."),
        "anchor": say("Operation", "Surgery"),
        "side": say("Anges alltid", "Always stated"),
        "procedure": say("Får anges", "May be stated"),
        "policy": say("Någon på enheten öppnar svaren", "Somebody at the unit opens the answers"),
        "within_hours": 72,
        "read_within_hours": 168,
        "other_way_after_days": 3,
        "letter_after_days": 7,
        "registers": [say("Svenska knäregistret (påhittat)", "The Swedish knee register (made up)")],
        "inclusion": [say("Ålder från 18 till 90", "Age from 18 to 90")],
        "exclusion": [say("Diagnos som börjar med F00", "Diagnosis that begins with F00")],
        "occasions": [before, yearly],
        "line": {
            "width": 1006,
            "height": 78,
            "event": 24,
            "rows": [
                {"number": 1, "y": 26, "marks": [{"x": 0, "width": 25}]},
                {"number": 2, "y": 52, "marks": [{"x": 325, "width": 64}, {"x": 638, "width": 64}]},
            ],
        },
    }


def form_values(locale: str) -> dict[str, str]:
    def say(swedish: str, english: str) -> str:
        return swedish if locale == "sv" else english

    return {
        "code": "knee",
        "name_sv": "Uppföljning av din knäprotes",
        "name_en": "Follow-up of your knee replacement",
        "within_hours": "72",
        "read_within_hours": "168",
        "other_way_after_days": "3",
        "letter_after_days": "7",
        "inclusion_age_from": "18",
        "o1_code": "before",
        "o1_title_sv": "Inför operationen",
        "o1_due_day": say("fjorton", "fourteen"),
        "o1_opens": "14",
        "o1_closes": "14",
        "o1_instruments": "everyday 1.0\nenergy 2.1",
        "o1_not_on_holidays": "yes",
    }
