"""Made-up data for the translators' desk: into Finnish, and into Arabic where the direction is to be seen."""

from datetime import UTC, datetime
from types import SimpleNamespace as Row
from typing import Any

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
STATES = ("draft", "translated", "reviewed", "linguistically_validated", "approved", "withdrawn")
SUBJECT = "instrument:energy:1.0:self"
SOURCE = "How often have you had energy left in the evening?"


def desk_pages(locale: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Template and context of every page of the desk, by name."""

    def say(swedish: str, english: str) -> str:
        return swedish if locale == "sv" else english

    target = "ar" if locale == "ar" else "fi"
    words = {
        "fi": ("Kuinka usein sinulla on ollut voimia jäljellä illalla?", "Kuinka usein jaksoit vielä illalla?"),
        "ar": ("كم مرة بقيت لديك طاقة في المساء؟", "كم مرة كانت لديك طاقة مساءً؟"),
    }[target]
    frame: dict[str, Any] = {
        "subject": SUBJECT,
        "title": say("Ork i vardagen", "Energy in everyday life"),
        "details": "energy · 1.0",
        "code": target,
        "language": {"fi": say("Finska", "Finnish"), "ar": say("Arabiska", "Arabic")}[target],
        "locale_tag": target,
        "direction": "rtl" if target == "ar" else "ltr",
        "source_language": "en",
        "source_direction": "ltr",
        "address": "/translate/x",
        "back_address": "/translate/fi/x",
        "may_edit": True,
        "notice": None,
        "errors": {},
        "values": {},
        "query": {},
    }
    labels = dict(
        zip(
            STATES,
            (
                say("Utkast", "Draft"),
                say("Översatt", "Translated"),
                say("Granskad", "Reviewed"),
                say("Språkligt validerad", "Linguistically validated"),
                say("Godkänd", "Approved"),
                say("Återkallad", "Withdrawn"),
            ),
            strict=True,
        )
    )

    def cell(approved: int, total: int, label: str, stale: int = 0) -> Row:
        return Row(address="/translate/fi/x", approved=approved, total=total, label=label, stale=stale)

    rows = [
        Row(
            id=str(place),
            address="/translate/fi/texts/1",
            name=say(f"Fråga {place + 1}", f"Question {place + 1}"),
            context=f"item:evening{place}",
            source=SOURCE,
            text=words[0] if state != "none" else "",
            state=state,
            label=labels.get(state, say("Inte översatt", "Not translated")),
            stale=place == 2,
            warning=place == 3,
            comments=place,
            next=["reviewed"] if state == "translated" else [],
        )
        for place, state in enumerate(("none", *STATES))
    ]
    pieces = [
        ("same", "Kuinka usein "),
        ("gone", "sinulla on ollut voimia"),
        ("new", "jaksoit vielä"),
        ("same", " illalla?"),
    ]
    if target == "ar":
        pieces = [("same", "كم مرة "), ("gone", "بقيت لديك طاقة"), ("new", "كانت لديك طاقة"), ("same", " مساءً؟")]
    field = Row(id="form-1", label=say("Översättning", "Translation"), value=words[0], rows=3, crowded=150, warning="")
    segment: dict[str, Any] = frame | {
        "source_id": "1",
        "name": say("Fråga 1", "Question 1"),
        "context": "item:evening",
        "concept": "energy at the end of the day, frequency",
        "sources": [Row(label="", language="en", direction="ltr", text=SOURCE)],
        "source_change": [],
        "fields": [field],
        "replaces": "2",
        "current": Row(id="2", state="translated", label=labels["translated"], by="Tiina Mäki", at=AT),
        "why_not": "",
        "why_no_step": say("Någon annan än den som har skrivit granskar.", "Somebody else than the writer reviews."),
        "steps": [("reviewed", labels["reviewed"]), ("draft", say("Skicka tillbaka", "Send back"))],
        "terms": [
            Row(
                term="energy",
                translation="voimat" if target == "fi" else "طاقة",
                note=say("inte energi", "not energia"),
            )
        ],
        "others": [
            Row(
                name="Svenska",
                language="sv",
                direction="ltr",
                text="Hur ofta har du haft ork kvar?",
                label=labels["approved"],
            )
        ],
        "comments": [Row(by_name="Riku Reviewer", at=AT, text=say("Är detta talspråk?", "Is this how people talk?"))],
        "previous_address": "/translate/fi/texts/0",
        "next_address": "/translate/fi/texts/2",
        "history_address": "/translate/fi/texts/1/history",
        "preview_address": "/translate/fi/x/preview",
        "conflict": None,
        "in_force": None,
        "needed": True,
        "versions": 2,
    }
    wrong = say("Platshållaren %(num)s saknas.", "The placeholder %(num)s is missing.")
    plural = [
        Row(
            id="form-1",
            label=say("En (1)", "One (1)"),
            value="%(num)s kysymys",
            rows=2,
            crowded=40,
            warning="",
        ),
        Row(
            id="form-2",
            label=say("Annat (0, 2, 3 …)", "Other (0, 2, 3 …)"),
            value="kysymystä " * 6,
            rows=2,
            crowded=40,
            warning=say("60 tecken är trångt på en telefon.", "60 characters crowd a phone."),
        ),
    ]
    versions = [
        Row(
            at=AT,
            by="Tiina Mäki",
            changes=[pieces],
            source_changes=[pieces],
            state="linguistically_validated",
            label=labels["linguistically_validated"],
            steps=[
                Row(
                    id="1",
                    state="linguistically_validated",
                    label=labels["linguistically_validated"],
                    by="Riku Reviewer",
                    at=AT,
                    note=say("Fem intervjuer.", "Five interviews."),
                    evidence_name="interviews.pdf",
                ),
            ],
        ),
        Row(
            at=AT,
            by="Tiina Mäki",
            changes=[[("new", words[0])]],
            source_changes=[],
            state="draft",
            label=labels["draft"],
            steps=[],
        ),
    ]
    change = Row(
        context="item:evening",
        name=say("Fråga 1", "Question 1"),
        shown_context="item:evening",
        place=say("rad 7", "row 7"),
        source=SOURCE,
        pieces=[pieces],
        problems=[],
    )
    return {
        "desk": (
            "translate/desk.html",
            frame
            | {
                "columns": [
                    Row(code="sv", name="Svenska"),
                    Row(code="fi", name="Suomi"),
                    Row(code="ar", name="العربية"),
                ],
                "rows": [
                    Row(
                        subject="interface",
                        title=say("Tjänstens sidor", "The service's pages"),
                        quiet="",
                        cells=[
                            cell(214, 214, labels["approved"]),
                            cell(12, 214, say("Pågår", "Under way"), 3),
                            cell(0, 214, "–"),
                        ],
                    ),
                    Row(
                        subject=SUBJECT,
                        title=frame["title"],
                        quiet="energy · 1.0",
                        cells=[
                            cell(34, 34, say("Erbjuds", "Offered")),
                            cell(20, 34, say("Pågår", "Under way")),
                            cell(0, 34, "–"),
                        ],
                    ),
                ],
                "new_languages": [("so", "Soomaali"), ("fa", "فارسی")],
                "subjects": [("interface", say("Tjänstens sidor", "The service's pages")), (SUBJECT, frame["title"])],
            },
        ),
        "desk_texts": (
            "translate/subject.html",
            frame
            | {
                "formats": [("po", "PO"), ("xlf", "XLIFF"), ("xlsx", "XLSX")],
                "filters": Row(show="", search="", query={}),
                "shown": [(state, f"{labels[state]} (3)") for state in STATES],
                "rows": rows,
                "bulk": [("reviewed", say("Markera som granskade", "Mark as reviewed"))],
                "next_address": "/translate/fi/x?after=1",
                "first_address": None,
                "version": Row(approved_at=AT),
            },
        ),
        "desk_version": (
            "translate/version.html",
            frame
            | {
                "found": Row(
                    approved=31, total=95, eligible=31, minimum=4, is_enough=True, is_new=True, content_hash="x"
                ),
                "missing": [
                    Row(name=say("Fråga 2", "Question 2"), context="item:morning"),
                    Row(name=say("Fråga 3", "Question 3"), context="item:noon"),
                ],
                "stale": [Row(name=say("Fråga 1", "Question 1"), context="item:evening")],
                "precision": say(
                    "Med 31 av 95 frågor blir medelfelet 0,33 mot 0,29.",
                    "With 31 of 95 items, mean SE 0.33 against 0.29.",
                ),
                "version": None,
                "may_approve": True,
            },
        ),
        "desk_text": (
            "translate/segment.html",
            segment | {"in_force": Row(id="1", text=words[1], language=target, direction=frame["direction"])},
        ),
        "desk_text_stale": (
            "translate/segment.html",
            segment
            | {
                "source_change": [
                    [("same", "How often have you had "), ("gone", "power"), ("new", "energy"), ("same", " left?")]
                ]
            },
        ),
        "desk_text_error": (
            "translate/segment.html",
            segment | {"fields": plural, "errors": {"form-1": wrong}, "current": None, "steps": []},
        ),
        "desk_text_conflict": (
            "translate/segment.html",
            segment
            | {
                "conflict": Row(
                    by="Riku Reviewer",
                    at=AT,
                    theirs=[Row(language=target, direction=frame["direction"], text=words[1])],
                    pieces=[pieces],
                )
            },
        ),
        "desk_text_locked": (
            "translate/segment.html",
            segment
            | {
                "may_edit": False,
                "why_not": say("Du översätter inte till språket.", "You do not translate into this language."),
                "steps": [],
            },
        ),
        "desk_history": (
            "translate/history.html",
            frame | {"name": say("Fråga 1", "Question 1"), "context": "item:evening", "versions": versions},
        ),
        "desk_glossary": (
            "translate/glossary.html",
            frame | {"terms": segment["terms"]},
        ),
        "desk_import": (
            "translate/import.html",
            frame | {"preview": None, "errors": {"file": say("Filen är tom.", "The file is empty.")}},
        ),
        "desk_import_preview": (
            "translate/import.html",
            frame
            | {
                "preview": Row(
                    file="energy.fi.po",
                    accepted=1,
                    choosable=1,
                    content="…",
                    digest="…",
                    groups=[
                        Row(
                            label=say("Ändrade på båda håll", "Changed on both sides"),
                            explanation=say("Kryssa för dem där filen gäller.", "Tick those where the file wins."),
                            open=True,
                            choosable=True,
                            count=1,
                            changes=[change],
                        ),
                        Row(
                            label=say("Går inte att ta in", "Cannot be taken in"),
                            explanation=say("Rätta i filen.", "Put right in the file."),
                            open=True,
                            choosable=False,
                            count=1,
                            changes=[Row(**{**vars(change), "problems": [wrong]})],
                        ),
                        Row(label=say("Oförändrade", "Unchanged"), explanation="", count=30, changes=[]),
                    ],
                )
            },
        ),
        "desk_preview": (
            "translate/preview.html",
            frame
            | {
                "pages": [("evening", say("Fråga 1", "Question 1"))],
                "chosen": "evening",
                "frame_address": f"/{locale}/question?framed=yes",
            },
        ),
        "desk_sign_in": ("translate/sign_in.html", frame),
    }
