"""A sample of the unit's follow-up: exact figures, ranges, small cells, and others beside them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

Say = Callable[[str, str], str]


def follow_up_page(say: Say) -> dict[str, Any]:
    few = say("färre än 5", "fewer than 5")
    before, after = say("Inför operationen", "Before the operation"), say("Tre månader efter", "Three months after")
    worry = say("Frågor om oro: T-värde", "Questions about worry: T-score")
    others = [say("82 %", "82 %"), say("för få", "too few")]
    row = {"occasion": before, "subject": "", "cell": "", "of": "64", "share": None, "mean": None, "quartiles": None}
    row |= {"others": others, "count": "51"}
    means = [say("48,2 (45,1 till 51,3)", "48.2 (45.1 to 51.3)"), say("för få", "too few")]
    mean = row | {"subject": worry, "mean": say("52,4 (49,9 till 54,9)", "52.4 (49.9 to 54.9)"), "others": means}
    cells = [
        {"cell": say("Bättre", "Better"), "count": "21", "share": say("44 till 52 %", "44 to 52 %"), "others": others},
        {"cell": say("Oförändrad", "Unchanged"), "count": "19", "share": "40 %", "others": others},
        {"cell": say("Sämre", "Worse"), "count": few, "share": None, "others": others},
    ]
    classes = [{"occasion": after, "subject": worry, "of": say("40 till 44", "40 to 44"), "cells": cells}]
    return {
        "first": date(2025, 12, 1),
        "last": date(2026, 11, 1),
        "months": [date(2026, month, 1) for month in (11, 10, 9)] + [date(2025, 12, 1)],
        "made_at": datetime(2026, 11, 23, 1, 23, tzinfo=UTC),
        "scopes": [say("Vårdgivarens övriga enheter", "Other units of the care provider"),
                   say("Andra vårdgivare", "Other care providers")],
        "protocols": [
            {
                "name": say("Uppföljning av din operation", "Follow-up of your operation"),
                "responses": [row | {"share": "80 %"}, row | {"occasion": after, "count": few}],
                "reasons": [row | {"cell": say("Inte tillfrågade om skälet", "Not asked why"), "count": "13"}],
                "withdrawn": [row | {"cell": say("Har avlidit", "Has died"), "count": "6"}],
                "minutes": [row | {"subject": worry, "quartiles": {"lower": 2, "median": 4, "upper": 9}}],
                "scores": [mean, mean | {"occasion": after, "mean": None}],
                "changes": [mean | {"occasion": after, "mean": say("−4,1 (−6,0 till −2,2)", "−4.1 (−6.0 to −2.2)")}],
                "important": classes,
                "reliable": classes,
                "paretian": [],
            }
        ],
    }  # fmt: skip
