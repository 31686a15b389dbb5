"""Made-up data for the worklist, the unit's flags and answers on paper."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Row
from typing import Any

Say = Callable[[str, str], str]
NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)


def flag_sentences(say: Say) -> list[str]:
    return [
        say(
            "Ork, T-värde är sämre än förra gången: från 48,0 (SE 2,1) till 41,3 (SE 2,4), en förändring på 6,7.",
            "Energy, T-score is worse than last time: from 48.0 (SE 2.1) to 41.3 (SE 2.4), a change of 6.7.",
        )
    ]


def listed(*rows: Row, unit_flags: Sequence[str] = (), name: str | None = None) -> list[Row]:
    """Rows of responses, as the worklist shows them."""
    own = {"unit_flags": list(unit_flags), "unit_flag_count": len(unit_flags), "assigned_to": name}
    shared = {"also_for": ["Sjukgymnastiken i Sjövik"] if name else [], "received_at_unit": None}
    return [
        Row(
            **{
                **vars(row),
                "is_new": not vars(row)["received_at"],
                **own,
                **shared,
                **({"id": f"{row.id}0", "patient_name": name} if name else {}),
            }
        )
        for row in rows
    ]


def around_worklist(say: Say) -> dict[str, Any]:
    return {
        "escalated": 1,
        "page": 1,
        "has_more": True,
        "protocol": None,
        "protocols": [
            ("knee", say("Knäoperation", "Knee surgery")),
            ("visit", say("Efter ett besök", "After a visit")),
        ],
        "patient": None,
        "patient_id": None,
        "left_out": 0,
        "since": NOW.isoformat(),
        "non_responses": [("declined", say("Vill inte", "Declined")), ("other", say("Annat", "Other"))],
    }


def waiting_row(id: str, name: str, title: str, **values: Any) -> Row:
    usual: dict[str, Any] = {
        "state": "invited",
        "told": True,
        "refusal": None,
        "reminded_at": None,
        "may_remind": True,
        "reason": None,
        "request_id": f"r{id}",
    }
    return Row(id=id, patient_name=name, title=title, **(usual | values))


def care_of_response(say: Say) -> dict[str, Any]:
    return {
        "also_for": ["Sjukgymnastiken i Sjövik"],
        "corrected_by": None,
        "unit_flags": flag_sentences(say),
        "record_text": say("Ork, 2026-11-22\nT-värde: 41,3 (SE 2,4)", "Energy, 2026-11-22\nT-score: 41.3 (SE 2.4)"),
        "assigned_to": "Astrid Lindqvist",
        "colleagues": [("a", "Astrid Lindqvist"), ("b", "Björn Åkerman")],
        "notes": [
            Row(
                at=NOW - timedelta(hours=1), by="Björn Åkerman", way=say("Per telefon", "By telephone"),
                contact_at=NOW - timedelta(hours=2), text=say("Hon mår bättre nu.", "She feels better now."),
            ),
            Row(at=NOW - timedelta(hours=3), by=None, way=None, contact_at=None, text=say("Ring!", "Please ring.")),
        ],
        "ways": [("telephone", say("Per telefon", "By telephone")), ("visit", say("Vid ett besök", "At a visit"))],
        "now": "2026-11-22T14:05",
        "request_ids": ["r1", "r2"],
    }  # fmt: skip


def flags_page(say: Say) -> dict[str, Any]:
    title, words = say("Ork", "Energy"), say("Ork, T-värde är högst 35", "Energy, T-score is at most 35")
    rule = {"title": title, "words": words, "by": "Margit Holm", "at": NOW, "request_id": "r", "version": 2}
    why = say("Vi vill ringa.", "We want to ring.")
    return {
        "rules": [
            Row(id="1", in_force=True, reason=why, **rule),
            Row(id="2", in_force=False, reason=say("För många.", "Too many."), **{**rule, "by": None}),
        ],
        "offered": [
            Row(title=title, choices=[Row(what="v:energy:t", label=say("T-värde", "T-score"), can_worsen=True)])
        ],
        "hours": 24,
        "late_days": 0,
        "letters_carry_codes": True,
        "request_id": "r",
        "values": {"what": "v:energy:t", "how": "at_most", "limit": "x"},
        "errors": {"limit": say("Skriv ett tal.", "Write a number.")},
    }


def _about() -> dict[str, Any]:
    return {
        "occasion_id": "31",
        "title": "Tre månader efter",
        "patient_name": "Alice Ek",
        "personal_number": "19810211-2381",
    }


def paper_context(asked: list[dict[str, Any]]) -> dict[str, Any]:
    return _about() | {
        "unit_name": "Knämottagningen i Sjövik",
        "provider_name": "Region Exempel",
        "why": "Vi vill veta hur du mår.",
        "closes_at": NOW,
        "filled_in": "Den dag då jag fyllde i detta (år, månad, dag):",
        "wording_language": "sv",
        "wording_direction": "ltr",
        "parts": [{"title": "Ork", "questions": asked}],
    }


def entry_context(asked: list[dict[str, Any]], *, stage: str) -> dict[str, Any]:
    return _about() | {
        "stage": stage,
        "opens_at": NOW - timedelta(days=7),
        "closes_at": NOW + timedelta(days=7),
        "values": {"filled_on": "2026-11-20"},
        "sent": [("first-value-0-question", "2")] if stage == "second" else [],
        "differences": 1 if stage == "resolved" else 0,
        "errors": {},
        "parts": [{"title": "Ork", "questions": asked}],
    }
