"""Samples of the staff's pages on registers' use, and on earlier results."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace as Row
from typing import Any

Say = Callable[[str, str], str]
AT = datetime(2026, 11, 20, 8, 15, tzinfo=UTC)


def pulls_page(say: Say) -> dict[str, Any]:
    purpose = say(
        "Kvalitetsregister (patientdatalagen 7 kap. 4 §)", "Quality register (Patient Data Act, chapter 7, section 4)"
    )
    pull = Row(at=AT, register=say("Knäregistret i Sjövik", "The knee register"), purpose=purpose, results=1240)
    return {"pulls": [pull, Row(**{**vars(pull), "results": 3})], "most": 200}


def coverage_page(say: Say) -> dict[str, Any]:
    counts = {
        "invited": 61, "answered": 44, "unanswered": 12, "waiting": 5, "unreceived": 3, "held": 0, "other": 1,
        "released": 40, "implausible": 2,
    }  # fmt: skip
    unit = say("Knämottagningen i Sjövik", "The knee clinic in Sjövik")
    return {
        "month": date(2026, 10, 1),
        "earlier": "2026-09",
        "later": "2026-11",
        "registers": [
            {
                "name": say("Knäregistret i Sjövik", "The knee register"),
                "rows": [{"month": date(2026, month, 1), "unit": unit, **counts} for month in (10,)],
            },
            {"name": say("Ryggregistret", "The back register"), "rows": []},
        ],
    }


def history_page(say: Say) -> dict[str, Any]:
    computed = Row(
        variable="everyday_index",
        label=say("Vardagsindex", "Everyday index"),
        shown=say("0,823", "0.823"),
        missing=None,
        se=None,
        method=say("Demonstrationsvärden", "Demonstration values"),
        is_computed=True,
    )
    energy = {"variable": "energy_t", "label": say("Ork, T-värde", "Energy, T-score"), "shown": "41", "se": "2,8"}
    missing = {"shown": None, "missing": say("en fråga besvarades inte", "a question was not answered")}
    return {
        "patient": Row(name="Alice Ek", personal_number="19810211-2381"),
        "results": [
            Row(
                title=say("Ork i vardagen", "Energy in everyday life"),
                version="1.0",
                completed_on=date(2019, 5, 3),
                source=say("Knäregistret i Sjövik", "The knee register"),
                imported_at=AT,
                imported_by="Astrid Lindqvist",
                scores=[
                    Row(**{**vars(computed), **energy}),
                    computed,
                    Row(**{**vars(computed), "is_computed": False}),
                    Row(**{**vars(computed), **missing}),
                ],
            )
        ],
    }
