"""Samples of the page on which a patient chooses how to be written to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

Say = Callable[[str, str], str]


def contact_pages(say: Say, now: datetime) -> dict[str, dict[str, Any]]:
    """Saved, with all that can be there; and with errors, for somebody nobody has written to."""
    hours = [(f"{hour % 24:02}:00", f"{hour:02}:00") for hour in range(6, 25)]
    at_most = [(str(number), say(f"högst {number} enkäter", f"at most {number} surveys")) for number in range(2, 6)]
    usual = ("", say("Som för alla: högst 6 enkäter", "As for everybody: at most 6 surveys"))
    email, sms, letter = say("E-post", "E-mail"), say("Sms", "Text message"), say("Brev", "Letter")
    frame = {
        "ways": [
            {"name": "email", "label": email},
            {"name": "sms", "label": sms},
            {"name": "letter", "label": letter},
        ],
        "hours": hours,
        "usual_hours": ("08:00", "20:00"),
        "numbers": [usual, *at_most],
        "limit": say("högst 6 enkäter", "at most 6 surveys"),
        "days": 30,
        "since": now - timedelta(days=30),
    }
    written = [
        (0, "Region Exempel", say("Här, i din inkorg", "Here, in your inbox"), ""),
        (0, "Region Exempel", email, say("Framme", "Arrived")),
        (3, "Kustvård AB", sms, say("Kom inte fram", "Did not arrive")),
        (7, "Kustvård AB", letter, say("Skickat", "Sent")),
    ]
    return {
        "contact": frame
        | {
            "is_saved": True,
            "values": {"way-sms": "1", "way-email": "2", "phone": "0701740605", "since": "09:00", "until": "18:00"},
            "errors": {},
            "noted": {"email": ["anna@example.se"], "phone": []},
            "asked": [{"provider": "Region Exempel", "count": 2}, {"provider": "Kustvård AB", "count": 1}],
            "written": [
                {"at": now - timedelta(days=days), "provider": provider, "way": way, "arrival": arrival}
                for days, provider, way, arrival in written
            ],
        },
        "contact_wrong": frame
        | {
            "is_saved": False,
            "return_to": "/contact",
            "values": {"email": "anna"},
            "errors": {
                "email": say("Skriv en adress som namn@exempel.se.", "Write an address such as name@example.se."),
                "none": say(
                    "Välj minst ett sätt, eller att du inte vill ha några meddelanden.",
                    "Choose at least one way, or that you want no messages.",
                ),
                "since": say(
                    "Välj både från när och till när, den tidigare först.",
                    "Choose both from when and until when, the earlier one first.",
                ),
            },
            "noted": {"email": [], "phone": []},
            "asked": [],
            "written": [],
        },
    }
