"""Made-up messages: what a unit sees of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace as Row
from typing import Any

Say = Callable[[str, str], str]
Pages = dict[str, tuple[str, dict[str, Any], str | None]]


def notice_pages(say: Say, now: datetime) -> Pages:
    """Template, context and who looks, by name."""
    title = say("3 månader efter", "3 months after")
    usual = {"person_id": "p1", "enrolment_id": "1", "opens_at": now - timedelta(days=9), "paper_helps": False}
    no_address = say("Det finns ingen adress att skriva till.", "There is no address to write to.")
    rows = [
        _row("1", "Bertil Öberg", title, messages=sent_messages(say, now), **usual),
        _row("2", "Alice Ek", title, unreached=no_address, address_helps=True, **{**usual, "paper_helps": True}),
        _row("3", "Maj-Britt Långström-Holmqvist", title, **usual),
    ]
    shown = {"rows": rows, "filter": "all", "page": 2, "has_more": True, "patient_id": "p1"}
    nothing = {"rows": [], "filter": "given_up", "page": 1, "has_more": False, "patient_id": None}
    return {
        "staff_notices": ("staff/notices.html", shown, "staff"),
        "staff_notices_empty": ("staff/notices.html", nothing, "staff"),
    }


def untold_rows(say: Say) -> list[Row]:
    """Those in the worklist whom nothing has reached."""
    why = say("Inget meddelande har kommit fram.", "No message has arrived.")
    later = say("Uppskjutet av patientens gräns.", "Deferred by the patient’s limit.")
    title = say("3 månader efter", "3 months after")
    usual = {"enrolment_id": "1", "person_id": "p1", "title": title}
    return [
        Row(id="51", patient_name="Bertil Öberg", why=why, paper_helps=True, address_helps=True, **usual),
        Row(id="52", patient_name="Alice Ek", why=later, paper_helps=False, address_helps=False, **usual),
    ]


def told_occasions(say: Say, now: datetime) -> list[Row]:
    """As the page of an enrolment lists them."""
    why = say("Inget meddelande har kommit fram.", "No message has arrived.")
    return [Row(title=say("3 månader efter", "3 months after"), unreached=why, messages=sent_messages(say, now))]


def sent_messages(say: Say, now: datetime) -> list[Row]:
    arrived, gone = say("Har kommit fram", "Has arrived"), say("Gett upp", "Given up")
    failed = say("Kom inte fram", "Did not arrive")
    invitation, again = say("Inbjudan", "Invitation"), say("Samma på annat sätt", "The same another way")
    return [
        _message("1", invitation, say("Inkorg", "Inbox"), "delivered", arrived, now - timedelta(days=9)),
        _message("2", invitation, say("E-post", "E-mail"), "failed", failed, now - timedelta(days=9)),
        _message("3", again, say("Sms", "SMS"), "given_up", gone, now - timedelta(days=6), may_send_again=True),
        _message("4", again, say("Brev", "Letter"), "waiting", say("Väntar på att skickas", "Waits to be sent"), now),
    ]


def _message(
    id: str, kind: str, channel: str, standing: str, words: str, at: datetime, *, may_send_again: bool = False
) -> Row:
    return Row(
        id=id,
        kind=kind,
        channel=channel,
        standing=standing,
        standing_in_words=words,
        at=at,
        may_send_again=may_send_again,
    )


def _row(id: str, name: str, title: str, **values: Any) -> Row:
    usual: dict[str, Any] = {"unreached": None, "address_helps": False, "messages": []}
    return Row(id=id, patient_name=name, title=title, **(usual | values))
