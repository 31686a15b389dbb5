"""Made-up data for every template, in Swedish and English. The questions are this file's own: no instrument's.

A page is a template with a context; `pages(locale)` gives them all by name. Arabic shows direction, so its content is
English but for the questions (`questions`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Row
from typing import Any

from tests.preview.agreements import agreement_samples
from tests.preview.contact import contact_pages
from tests.preview.course import course_page, own_profile, own_result, own_results_page
from tests.preview.desk import desk_pages
from tests.preview.enrolment import enrolment_pages
from tests.preview.follow_up import follow_up_page
from tests.preview.mandates import mandate_pages, my_mandates
from tests.preview.notices import notice_pages, untold_rows
from tests.preview.protocols import protocol_samples
from tests.preview.questions import question_pages
from tests.preview.registers import coverage_page, history_page, pulls_page
from tests.preview.rights import rights_pages
from tests.preview.worklist import (
    around_worklist,
    care_of_response,
    entry_context,
    flag_sentences,
    flags_page,
    listed,
    paper_context,
    waiting_row,
)

Say = Callable[[str, str], str]
# Of the questions' pages, those that the page of a correction shows: one of each kind.
CORRECTED = ("question", "several", "rating_selected", "number", "date", "free_text", "question_not_applicable")

NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Page:
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    signed_in: str | None = "patient"


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def ahead(**span: float) -> datetime:
    return NOW + timedelta(**span)


def versions(locale: str) -> list[Row]:
    """What a unit has corrected, the newest first."""
    sv = locale == "sv"
    rang = "Hon ringde och berättade." if sv else "She rang and told us."
    slip = "Patienten har berättat att det blev fel" if sv else "The patient has told us of a slip"
    values = {"voided": False, "by": "Astrid Lindqvist", "reason": slip}
    return [
        Row(number=3, at=ago(hours=1), explanation=rang, **values),
        Row(number=2, at=ago(hours=2), explanation="", **values),
    ]


def correction_pages(locale: str) -> dict[str, Page]:
    """Correcting and voiding."""
    sv = locale == "sv"
    about: dict[str, Any] = {
        "response_id": "8",
        "title": "Ork i vardagen" if sv else "Energy in everyday life",
        "patient_name": "Alice Ek",
        "completed_at": ago(hours=26),
        "based_on": 1,
        "request_id": "r",
        "values": {"reason": "slip", "explanation": ""},
        "errors": {},
        "reasons": [
            ("slip", "Patienten har berättat att det blev fel" if sv else "The patient has told us of a slip"),
            ("other", "Något annat" if sv else "Another reason"),
        ],
    }
    asked = [
        {**context, "field": f"value-{name}", "failed": None, "unasked": False, "optional": True}
        for name, context in question_pages(locale).items()
        if name in CORRECTED
    ]
    row = versions(locale)[0]
    score = {"label": "T", "variable": "energy_t", "shown": "43,0", "before": "41,3", "method": "EAP"}
    score |= {"value": 43.0, "se": 2.8, "missing": None, "band": None, "t_score": False}
    said = {"question": asked[0]["question"], "before": None, "after": "Ibland" if sv else "Sometimes"}
    failed = {"errors": {"explanation": "Skriv med några ord varför." if sv else "Write in a few words why."}}
    return {
        "staff_correct": Page("staff/correct.html", about | {"questions": asked, "branches": True}, "staff"),
        "staff_correction_preview": Page(
            "staff/correction_preview.html",
            about
            | {
                "changed": [said],
                "scores": [score],
                "reason_words": about["reasons"][0][1],
                "sent": [("value-a", "2")],
            },
            "staff",
        ),
        "staff_void": Page("staff/void.html", about | failed, "staff"),
        "staff_version": Page(
            "staff/version.html",
            about
            | {
                "number": 2,
                "version": row,
                "scores": [score],
                "answers": [{"question": said["question"], "answer": None}],
            },
            "staff",
        ),
    }


def paper_pages(locale: str) -> dict[str, Page]:
    """The printed form, and typing in what came back."""
    questions = question_pages(locale)
    asked = [questions[name] for name in CORRECTED]
    typed = [
        {**questions[name], "field": f"value-0-{name}", "failed": None, "unasked": False, "optional": True}
        for name in CORRECTED
    ]
    failed = [{**typed[0], "failed": "2 ≠ 3"}, *typed[1:]]
    return {
        "staff_paper": Page("staff/paper.html", paper_context(asked), "staff"),
        "staff_entry": Page("staff/entry.html", entry_context(typed, stage="first"), "staff"),
        "staff_entry_second": Page("staff/entry.html", entry_context(typed, stage="second"), "staff"),
        "staff_entry_resolved": Page("staff/entry.html", entry_context(failed, stage="resolved"), "staff"),
    }


def pages(locale: str) -> dict[str, Page]:
    def say(swedish: str, english: str) -> str:
        return swedish if locale == "sv" else english

    unit = say("Knämottagningen i Sjövik", "The knee clinic in Sjövik")
    provider = say("Region Exempel", "Exempel Region")
    why = say(
        "Svaren hjälper oss att förbereda ditt återbesök den 4 december.",
        "The answers help us to prepare your visit on 4 December.",
    )
    first = Row(
        id="1",
        title=say("Så har du det just nu", "How you are right now"),
        unit_name=unit,
        provider_name=provider,
        why=why,
        questions=(9, 17),
        minutes=5,
        closes_at=ahead(days=11),
        started=True,
        is_read=True,
        confirming=say(
            "Mottagningen bekräftar att den har tagit emot dem. Du ser när.",
            "The unit confirms that it has received them. You see when.",
        ),
        reading=say(
            f"Någon på {unit} läser dina svar inom 7 dygn.", f"Somebody at {unit} reads your answers within 7 days."
        ),
        unavailable=None,
        relations=[
            say(
                "”Ditt besök hos oss” handlar om samma sak, från samma mottagning.",
                "“Your visit to us” is about the same thing, from the same unit.",
            ),
            say(
                "Om du svarar på den här väntar den andra fortfarande på dig.",
                "If you answer this one, the other one still waits for you.",
            ),
        ],
        closes=say("Svara inom 11 dagar, senast torsdag 3 december", "Answer within 11 days, by Thursday 3 December"),
        language_note=None,
        may_hurt=True,
        parts=[
            Row(title=say("Om vardagen", "Everyday life"), questions=(5, 5), minutes=2),
            Row(title=say("Om ork", "About energy"), questions=(4, 12), minutes=3),
        ],
    )
    second = Row(
        id="2",
        title=say("Ditt besök hos oss", "Your visit to us"),
        unit_name=unit,
        provider_name=provider,
        why=say("Vi vill bli bättre på att ta emot dig.", "We want to become better at receiving you."),
        questions=(6, 6),
        minutes=1,
        closes_at=ahead(days=20),
        started=False,
        unavailable=None,
        parts=[],
        relations=[],
        closes=say("Svara senast 12 december 2026", "Answer no later than 12 December 2026"),
        language_note=say(
            "Frågorna finns inte på arabiska. De finns på svenska.",
            "The questions are not in Arabic. They are in Swedish.",
        ),
        may_hurt=False,
    )
    stopped = Row(
        **{
            **vars(second),
            "id": "10",
            "language_note": None,
            "unavailable": say(
                "Den här enkäten går inte att svara på just nu. Din mottagning kan hjälpa dig.",
                "This survey cannot be answered just now. Your care unit can help you.",
            ),
        }
    )
    fresh = Row(
        id="3",
        title=first.title,
        unit_name=unit,
        completed_at=ago(minutes=4),
        received=say(f"Mottaget av {unit}", f"Received by {unit}"),
        is_read=True,
        received_at=None,
        read_at=None,
        assessed_at=None,
        amended=None,
        fetched=[],
    )
    archived = Row(
        **{
            **vars(fresh),
            "id": "30",
            "title": second.title,
            "received": say(f"Mottaget i arkivet hos {unit}", f"Received in the archive of {unit}"),
            "received_at": ago(minutes=3),
            "is_read": False,
        }
    )
    old = Row(
        id="4",
        title=first.title,
        unit_name=unit,
        completed_at=ago(days=90),
        received=fresh.received,
        is_read=True,
        received_at=ago(days=89, hours=20),
        read_at=ago(days=89, hours=20),
        assessed_at=None,
        amended=Row(
            voided=False,
            at=ago(days=80),
            reason=say("du hade råkat välja fel och berättat det", "you told the unit of a slip"),
            explanation=say("Du ringde den 3 september.", "You rang on 3 September."),
        ),
        fetched=[
            Row(register=say("Svenska knäregistret (påhittat)", "The Swedish knee register (made up)"), at=ago(days=70))
        ],
    )
    finished = Row(
        **{
            **vars(old),
            "id": "5",
            "completed_at": ago(days=200),
            "received_at": ago(days=199),
            "read_at": ago(days=199),
            "assessed_at": ago(days=198),
            "amended": None,
        }
    )
    registers = [
        Row(
            id="a",
            name=say("Svenska knäregistret (påhittat)", "The Swedish knee register (made up)"),
            authority=provider,
            objected=False,
        ),
        Row(
            id="b",
            name=say("Återhämtningsregistret (påhittat)", "The recovery register (made up)"),
            authority=say("Region Annanstans", "Elsewhere Region"),
            objected=True,
        ),
    ]
    response = Row(
        id="7",
        instrument_title=say("Ork i vardagen", "Energy in everyday life"),
        patient_name="Bertil Öberg",
        personal_number="19460708-2395",
        occasion=say("3 månader efter operation", "3 months after surgery"),
        completed_at=ago(minutes=12),
        is_on_paper=False,
        is_late=False,
        entered_at=None,
        received_at=None,
        received_by=None,
        read_at=None,
        assessed_at=None,
        summary="",
        version="answered",
        flagged=False,
        mode=say("Patient, mobil", "Patient, phone"),
        language="Svenska",
        assessed_by=None,
    )
    opened = Row(
        **{
            **vars(response),
            "answered_by": say("Vårdnadshavare", "A guardian"),
            "id": "8",
            "patient_name": "Alice Ek",
            "personal_number": "19810211-2381",
            "completed_at": ago(hours=26),
            "is_on_paper": True,
            "is_late": True,
            "entered_at": ago(hours=3),
            "received_at": ago(hours=2),
            "read_at": ago(hours=2),
            "received_by": "Astrid Lindqvist",
            "summary": say("T 41,3 (medelfel 2,8)", "T 41.3 (SE 2.8)"),
            "version": "corrected",
            "flagged": True,
        }
    )
    assessed = Row(
        **{
            **vars(opened),
            "id": "9",
            "patient_name": "Charlie Abdi-Lundström",
            "assessed_at": ago(hours=1),
            "version": "voided",
        }
    )
    confirmed = Row(
        **{**vars(response), "id": "21", "patient_name": "Hans Ek", "received_at": ago(hours=1)},
    )
    worklist: dict[str, Any] = {
        **around_worklist(say),
        "responses": listed(response, confirmed, opened, assessed),
        "on_top": listed(opened, unit_flags=flag_sentences(say), name="Klara Dahl"),
        "counts": {"unread": 2, "all": 5, "flagged": 1, "mine": 0},
        "alarmed": 2,
        "apart": listed(Row(**{**vars(response), "id": "20", "patient_name": "Greta Öst"})),
        "filter": "all",
        "untold": untold_rows(say),
        "outstanding": [
            waiting_row("31", "Doris Nyman", first.title, due_at=ago(days=3), state="late", reminded_at=ago(days=1)),
            waiting_row("32", "Erik Wallin", second.title, due_at=ahead(days=5), reason=say("Vill inte", "Declined")),
            waiting_row(
                "33",
                "Frida Åkesson",
                second.title,
                due_at=ahead(days=6),
                may_remind=False,
                refusal="The licence for eq5d-5l ended on 2026-11-21.",
            ),
        ],
    }
    enrol: dict[str, Any] = {
        "request_id": "r",
        "sides": [("", say("Ej angivet", "Not stated")), ("left", say("Vänster", "Left"))],
        "values": {},
        "errors": {},
        "protocols": [
            Row(
                id="knee",
                name=say("Knäoperation", "Knee surgery"),
                description=say(
                    "Före operationen, och 3 och 12 månader efter. Två delar varje gång.",
                    "Before surgery, and 3 and 12 months after. Two parts each time.",
                ),
            ),
            Row(
                id="visit",
                name=say("Efter ett besök", "After a visit"),
                description=say("En gång, dagen efter besöket.", "Once, the day after the visit."),
            ),
        ],
    }
    amended = {
        "voided": False,
        "flags": [say("Samma plats är vald i alla frågor.", "The same place was chosen in every question.")],
        **care_of_response(say),
        "versions": versions(locale),
    }
    asked = say("Hur ofta har du haft ork kvar?", "How often have you had energy left?")
    shown: dict[str, Any] = {
        "patient": Row(name="Alice Ek", personal_number="19810211-2381"),
        "response": opened,
        "index_is_made_of": [(say("Full hälsa", "Full health"), say("0,9755", "0.9755"))],
        "gone": None,
        "given": [Row(register=registers[0].name, reference="0192f3a4-5b6c-7d8e-9f01-23456789abcd", at=ago(hours=1))],
        "earlier_of": "7",
        "other_unit": None,
        "course_of": "7",
        "receipt": Row(
            at=ago(hours=2), by="Astrid Lindqvist", unit_name=unit, route=say("Arbetslistan", "The worklist")
        ),
        "scores": [
            Row(
                variable="energy_t",
                label=say("Ork, T-värde", "Energy, T-score"),
                value=41.3,
                shown=say("41,3", "41.3"),
                missing=None,
                band=say("lindriga besvär", "mild"),
                direction=say("En högre siffra är bättre.", "A higher figure is better."),
                important_change=say(
                    "Minsta viktiga förändring: 3 (publicerade uppskattningar: 2 till 6).",
                    "Smallest important change: 3 (published estimates: 2 to 6).",
                ),
                t_score=True,
                se=2.8,
                method=say("Adaptivt test, EAP", "Adaptive test, EAP"),
            ),
            Row(
                variable="everyday_index",
                label=say("Vardagsindex", "Everyday index"),
                value=None,
                shown=None,
                missing=say("en fråga hoppades över", "a question was skipped"),
                band=None,
                direction=None,
                important_change=None,
                t_score=False,
                se=None,
                method=say("Demonstrationsvärden", "Demonstration values"),
            ),
        ],
        "answers": [
            Row(question=asked, answer=say("Någon gång", "Once in a while"), at=ago(hours=26)),
            Row(
                question=say("Hur ofta har du vilat mitt på dagen?", "How often have you rested at midday?"),
                answer=None,
                at=ago(hours=25.98),
            ),
            Row(
                question=say("Vad vill du att vi tar upp?", "What do you want us to take up?"),
                answer=say("Trappan hemma.\nOch nätterna.", "The stairs at home.\nAnd the nights."),
                at=ago(hours=25.9),
            ),
        ],
    }
    return {
        "home": Page("home.html", signed_in=None),
        "accessibility": Page(
            "accessibility.html",
            {"assessed": NOW.date(), "updated": NOW.date(), "address": "tillganglighet@example.se"},
            signed_in=None,
        ),
        "sign_in": Page("sign_in.html", {"ended": None, "kept": False}, signed_in=None),
        "signed_out": Page("sign_in.html", {"ended": "own", "kept": True}, signed_in=None),
        "signed_out_lent": Page("sign_in.html", {"ended": "lent", "kept": False}, signed_in=None),
        "question_kept": Page("question.html", question_pages(locale)["question_selected"] | {"is_kept": True}),
        "inbox": Page(
            "inbox.html",
            {
                "waiting": [first, second, stopped],
                "suggestion": say(
                    "Du väljer ordning själv. Den kortaste är ”Ditt besök hos oss”, ungefär 1 minut.",
                    "You choose the order. The shortest is “Your visit to us”, about 1 minute.",
                ),
                "done": [fresh, archived, finished],
                "messages": [
                    Row(
                        sent_at=ago(days=2),
                        text=say(
                            "Du har en ny enkät från Knämottagningen i Sjövik.",
                            "You have a new survey from the knee clinic in Sjövik.",
                        ),
                        survey_id="1",
                        title=first.title,
                    )
                ],
            },
        ),
        "inbox_empty": Page("inbox.html", {"waiting": [], "suggestion": None, "done": [], "messages": []}),
        "notice": Page(
            "notice.html",
            {
                "survey": Row(**{**vars(first), "started": False}),
                "registers": registers,
                "offered_language": "Svenska",
                "offered_locale": "sv",
                "question_languages": [
                    Row(code="sv", name="Svenska", here=say("Svenska", "Swedish")),
                    Row(code="ar", name="العربية", here=say("Arabiska", "Arabic")),
                ],
            },
        ),
        **{name: Page("question.html", context) for name, context in question_pages(locale).items()},
        "completed": Page(
            "completed.html",
            {
                "unit_name": unit,
                "tells_of_health": True,
                "may_hurt": True,
                "reading": first.reading,
                "is_read": True,
                "responses": [fresh, Row(**{**vars(fresh), "id": "6", "title": say("Om ork", "About energy")})],
                "scores": [
                    Row(
                        title=say("Ork i vardagen", "Energy in everyday life"),
                        results=[own_result(say, name="result-1-1")],
                    ),
                    Row(title=say("Din hälsa", "Your health"), results=[own_profile(say)]),
                ],
            },
        ),
        **{name: Page("contact.html", context) for name, context in contact_pages(say, NOW).items()},
        **{name: Page(*page) for name, page in mandate_pages(say, NOW).items()},
        "inbox_for_another": Page(
            "inbox.html",
            {
                "waiting": [first, stopped],
                "done": [fresh],
                "messages": [],
                "suggestion": None,
                "may_read": False,
                "answers_for_others": True,
            }
            | {"acts_for": say("Ebba Ek, 8 år", "Ebba Ek, 8 years")},
        ),
        "my_data": Page(
            "my_data.html",
            {
                "mandates": my_mandates(unit, NOW),
                "units": [
                    Row(id="1", name=unit, provider=provider, blocked=False),
                    Row(id="2", name=say("Akutmottagningen", "The emergency unit"), provider=provider, blocked=True),
                ],
                "responses": [old],
                "registers": registers,
                "erasures": [
                    Row(register=registers[1].name, ordered_at=ago(days=20), confirmed_at=ago(days=18)),
                    Row(register=registers[0].name, ordered_at=ago(days=1), confirmed_at=None),
                ],
                "accesses": [
                    Row(
                        at=ago(days=89, hours=20),
                        who=f"Astrid Lindqvist, {unit}",
                        what=say("öppnade dina svar", "opened your answers"),
                        why=say("vård och behandling", "care and treatment"),
                    ),
                ],
                "pulls": [
                    Row(
                        at=ago(days=88),
                        register=registers[0].name,
                        what=say("poängen", "the score"),
                        purpose=say("kvalitetssäkring av vården", "quality assurance of care"),
                    )
                ],
            },
        ),
        "error": Page(
            "error.html",
            {
                "status": 409,
                "title": say("Du har svarat någon annanstans", "You have answered somewhere else"),
                "sentence": say(
                    "Frågan är redan besvarad på en annan enhet, så vi visar dig nästa.",
                    "The question was answered on another device, so we show you the next one.",
                ),
                "action_url": "/",
                "action_label": say("Till nästa fråga", "To the next question"),
            },
        ),
        "staff_worklist": Page("staff/worklist.html", worklist, "staff"),
        "staff_course": Page("staff/course.html", course_page(say), "staff"),
        "staff_course_empty": Page("staff/course.html", course_page(say) | {"panels": [], "is_cut": False}, "staff"),
        "my_results": Page("my_results.html", own_results_page(say)),
        "my_results_empty": Page("my_results.html", {"panels": [], "is_cut": False}),
        "staff_history": Page("staff/history.html", history_page(say), "staff"),
        "staff_register_pulls": Page("staff/register_pulls.html", pulls_page(say), "staff"),
        "staff_follow_up": Page("staff/follow_up.html", follow_up_page(say), "staff"),
        "staff_register_coverage": Page("staff/register_coverage.html", coverage_page(say), "staff"),
        "staff_queries": Page(
            "staff/queries.html",
            {
                "queries": [
                    Row(
                        response_id="1",
                        register=registers[0].name,
                        asked_at=ago(hours=3),
                        patient_name="Maj-Britt Andersson",
                        instrument_title=first.title,
                        completed_at=ago(days=3),
                        text=say(
                            "Ingreppet gäller höger sida, men formuläret gäller vänster. Vilket stämmer?",
                            "The procedure is of the right side, but the form of the left. Which is right?",
                        ),
                    ),
                    Row(
                        response_id="2",
                        register=registers[1].name,
                        asked_at=ago(days=40),
                        patient_name="—",
                        instrument_title=second.title,
                        completed_at=ago(days=60),
                        text=None,
                    ),
                ]
            },
            "staff",
        ),
        "staff_queries_empty": Page("staff/queries.html", {"queries": []}, "staff"),
        "staff_worklist_empty": Page(
            "staff/worklist.html",
            {
                **around_worklist(say),
                "responses": [],
                "on_top": [],
                "apart": [],
                "alarmed": 0,
                "escalated": 0,
                "counts": {"unread": 0, "all": 0, "flagged": 0, "mine": 0},
                "filter": "today",
                "left_out": 2,
                "patient": {"patient_name": None},
                "patient_id": "8",
                "untold": [],
                "outstanding": [],
            },
            "staff",
        ),
        "staff_response": Page("staff/response.html", shown | amended, "staff"),
        "staff_response_other_unit": Page(
            "staff/response.html", shown | amended | {"other_unit": unit, "receipt": None, "earlier_of": None}, "staff"
        ),
        "staff_response_gone": Page("staff/response.html", shown | amended | {"gone": "energy 1.0"}, "staff"),
        **correction_pages(locale),
        **paper_pages(locale),
        "staff_flags": Page("staff/flags.html", flags_page(say), "staff"),
        "staff_confirm_receipt": Page("staff/confirm_receipt.html", {"response": response, "also_for": []}, "staff"),
        "staff_confirm_unread": Page("staff/confirm_receipt.html", {"response": confirmed, "also_for": []}, "staff"),
        "staff_confirm_shared": Page(
            "staff/confirm_receipt.html", {"response": confirmed, "also_for": ["Sjukgymnastiken i Sjövik"]}, "staff"
        ),
        "staff_response_of_another_unit": Page(
            "staff/response.html",
            shown | amended | {"also_for": [], "corrected_by": "Sjukgymnastiken i Sjövik"},
            "staff",
        ),
        "staff_undelivered": Page("staff/undelivered.html", undelivered(say), "staff"),
        "staff_undelivered_empty": Page(
            "staff/undelivered.html", {"waiting": [], "count": 0, "is_manager": False}, "staff"
        ),
        "staff_record_system": Page("staff/record_system.html", record_systems(say), "staff"),
        "staff_record_system_error": Page(
            "staff/record_system.html",
            record_systems(say)
            | {
                "systems": [],
                "tested": None,
                "values": {"name": "Journal", "way": "oauth", "base_url": "http://journal"},
                "errors": {
                    "base_url": say(
                        "Skriv en https-adress på en server som driftansvarig har tillåtit.",
                        "Write an https address on a server that the operator has allowed.",
                    )
                },
            },
            "staff",
        ),
        "staff_enrol": Page("staff/enrol.html", enrol, "staff"),
        "staff_enrol_error": Page(
            "staff/enrol.html",
            enrol
            | {
                "values": {
                    "name": "Bertil Öberg",
                    "personal_number": "19460708-2390",
                    "language": "en",
                    "protocol": "knee",
                },
                "errors": {
                    "personal_number": say(
                        "Kontrollera de fyra sista siffrorna i personnumret.",
                        "Check the last four digits of the personal identity number.",
                    ),
                    "protocol": say("Välj ett vårdprogram.", "Choose a protocol."),
                },
            },
            "staff",
        ),
        **{name: Page(template, context, "staff") for name, (template, context) in rights_pages(say).items()},
        **{name: Page(template, context, "staff") for name, (template, context) in protocol_samples(locale).items()},
        **{name: Page(*page) for name, page in enrolment_pages(say, NOW).items()},
        **{name: Page(*page) for name, page in notice_pages(say, NOW).items()},
        **{name: Page("staff/registers.html", context, "staff") for name, context in agreement_samples(locale).items()},
        **{name: Page(template, context, "translator") for name, (template, context) in desk_pages(locale).items()},
        "email_alarm": Page("email/alarm.html", {"link": "https://svarsrummet.example/staff/undelivered"}, None),
        "email": Page(
            "email/message.html",
            {
                "is_reminder": False,
                "sender_name": say("Svarsrummet", "The Answer Room"),
                "link": "https://svarsrummet.example/inbox",
                "choices_link": "https://svarsrummet.example/contact",
            },
            None,
        ),
    }


def undelivered(say: Say) -> dict[str, Any]:
    """What nobody has received: late and refused, on its way, and to be opened."""
    occasion = say("3 månader efter operation", "3 months after surgery")
    rows = [
        (4, True, 17, say("Journalsystemet tog inte emot det", "The record system refused it")),
        (1, False, 3, say("Journalsystemet svarade inte som det ska", "The record system did not answer as it should")),
        (0.2, False, 0, None),
    ]
    return {
        "count": 3,
        "is_manager": True,
        "waiting": [
            {
                "id": str(number),
                "occasion": occasion,
                "delivered_at": ago(days=days),
                "is_late": is_late,
                "attempts": attempts,
                "last": last,
            }
            for number, (days, is_late, attempts, last) in enumerate(rows)
        ],
    }


def record_systems(say: Say) -> dict[str, Any]:
    """One in use, and the draft of another that was tested and cannot be reached."""
    return {
        "systems": [
            {
                "id": "1",
                "name": say("Regionens journal", "The region's record"),
                "state": "active",
                "state_in_words": say("Används", "In use"),
                "route": "push",
                "base_url": "https://journal.example.se/fhir",
                "client_id": "survey-service",
            },
            {
                "id": "2",
                "name": say("Den nya journalen", "The new record"),
                "state": "draft",
                "state_in_words": say("Används inte än", "Not in use yet"),
                "route": "push",
                "base_url": "https://ny-journal.example.se/fhir",
                "client_id": "survey-service",
            },
        ],
        "tested": {
            "id": "2",
            "problem": say("Journalsystemet svarade inte i tid.", "The record system did not answer in time."),
        },
        "alarm_email": "larm@example.se",
        "jwks_url": "https://svarsrummet.example/.well-known/jwks.json",
        "token_url": "https://svarsrummet.example/api/v1/token",
        "values": {},
        "errors": {},
    }
