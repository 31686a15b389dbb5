"""A question of every kind, in every state, in Swedish, English and Arabic: this file's own, no instrument's."""

from collections.abc import Sequence
from typing import Any

Context = dict[str, Any]

# Swedish, English, Arabic.
Texts = tuple[str, str, str]

_LANGUAGES = ("sv", "en", "ar")
_OFTEN: Sequence[Texts] = (
    ("Aldrig", "Never", "ولا مرة"),
    ("Någon gång", "Once in a while", "مرة أو مرتين"),
    ("Ibland", "Sometimes", "بين حين وآخر"),
    ("Ofta", "Often", "معظم الوقت"),
    ("Alltid", "Always", "طوال الوقت تقريبًا"),
)
_HELP: Sequence[Texts] = (
    ("Någon i familjen", "Somebody in the family", "أحد أفراد العائلة"),
    ("En vän eller granne", "A friend or neighbour", "صديق أو جار"),
    (
        "Hemtjänst, personlig assistent eller någon annan från kommunen",
        "Home help, a personal assistant or somebody else from the municipality",
        "خدمة منزلية أو مساعد شخصي أو شخص آخر من البلدية",
    ),
    ("Ingen", "Nobody", "لا أحد"),
)
_EASE: Sequence[Texts] = (
    (
        "Jag kan gå i trappor precis som vanligt, utan att tänka på det",
        "I can climb stairs just as usual, without thinking about it",
        "أستطيع صعود الدرج كالمعتاد دون أن أفكر في ذلك",
    ),
    (
        "Jag kan gå i trappor om jag håller i ledstången hela vägen upp och ner",
        "I can climb stairs if I hold the handrail all the way up and down",
        "أستطيع صعود الدرج إذا أمسكت بالدرابزين طوال الطريق",
    ),
    (
        "Jag behöver sjukvårdspersonal eller rehabiliteringsassistent bredvid mig",
        "I need a nurse or a rehabilitation assistant beside me",
        "أحتاج إلى ممرض أو مساعد تأهيل بجانبي",
    ),
)
_NOT_APPLICABLE: Texts = (
    "Det gäller inte mig, jag går aldrig i trappor",
    "It does not apply to me, I never climb stairs",
    "هذا لا ينطبق عليّ، لا أصعد الدرج أبدًا",
)


def question_pages(locale: str) -> dict[str, Context]:
    """Every page by name."""
    choice, several, long = _single(locale), _several(locale), _long(locale)
    rating, vas, number = _rating(locale), _scale(locale), _number(locale)
    text, day, statement = _text(locale), _day(locale), _statement(locale)
    joined = _error(
        locale,
        "”Ingen” kan inte väljas ihop med ett annat svar. Välj det ena eller det andra.",
        "“Nobody” cannot be joined with another answer. Choose one or the other.",
    )
    missing = _error(locale, "Välj ett svar, eller hoppa över frågan.", "Choose an answer, or skip the question.")
    between = _error(locale, "Skriv ett heltal från 0 till 100.", "Write a whole number from 0 to 100.")
    decimals = _error(
        locale,
        "Skriv ett tal från 20 till 300, med högst 1 decimal.",
        "Write a number from 20 to 300, with at most 1 decimal.",
    )
    no_day = _error(
        locale,
        "Skriv året med fyra siffror, och månaden och dagen med siffror.",
        "Write the year with four figures, and the month and the day with figures too.",
    )
    too_long = _error(locale, "Skriv högst 500 tecken.", "Write at most 500 characters.")
    return {
        "question": choice,
        "question_selected": choice | {"given": ["4"], "skippable": False},
        "question_changing": choice
        | {"changing": True, "supersedes": 3, "given": ["2"], "previous_sequence": None, "intro": text["intro"]},
        "question_error": choice | missing,
        "question_sensitive": choice | {"sensitive": True},
        "question_not_applicable": long,
        "question_long": long | {"given": ["not_applicable"], "branches": True, "changing": True, "supersedes": 2},
        "rating": rating,
        "rating_selected": rating | {"given": ["7"]},
        "rating_error": rating | missing,
        "several": several,
        "several_selected": several | {"given": ["1", "3"]},
        "several_error": several | joined | {"given": ["2", "4"]},
        "number": number,
        "number_error": number | decimals | {"given": ["72,55"]},
        "date": day,
        "date_error": day | no_day | {"given": ["26", "", "31"]},
        "free_text": text,
        "free_text_error": text | too_long | {"given": ["En mening till. " * 40]},
        "statement": statement,
        "vas": vas,
        "vas_answered": vas | {"given": ["73"], "ends": vas["ends"] | {"value": 73}},
        "vas_error": vas | between | {"given": ["101"]},
        "vas_short": vas | {"ends": vas["ends"] | {"minimum": 1, "maximum": 7, "steps": 6}},
    }


def _say(locale: str, texts: Texts) -> str:
    return texts[_LANGUAGES.index(locale)]


def _error(locale: str, swedish: str, english: str) -> Context:
    """The sentence is the interface's, and Arabic has no interface yet."""
    return {"errors": {"value": swedish if locale == "sv" else english}}


def _options(locale: str, labels: Sequence[Texts], *, alone: int | None = None) -> list[Context]:
    return [
        {"code": code, "label": _say(locale, texts), "alone": code == alone} for code, texts in enumerate(labels, 1)
    ]


def _question(locale: str, texts: Texts, **changes: Any) -> Context:
    """The third question of an adaptive part, of the kind that ``changes`` makes it."""
    return {
        "session_id": "s",
        "sequence": 3,
        "supersedes": None,
        "item_id": "demo-3",
        "position": 3,
        "questions": (4, 12),
        "part_number": 2,
        "part_count": 2,
        "progress": 0.28,
        "intro": None,
        "recall": None,
        "question": _say(locale, texts),
        "hint": None,
        "kind": "single_choice",
        "options": [],
        "rating": False,
        "ends": {},
        "given": [],
        "skippable": True,
        "not_applicable": None,
        "previous_sequence": 2,
        "sensitive": False,
        "changing": False,
        "adaptive": False,
        "branches": False,
        "wording_language": locale,
        "wording_direction": "rtl" if locale == "ar" else "ltr",
        "scale_direction": "rtl" if locale == "ar" else "ltr",
        "errors": {},
        "footer": _say(
            locale,
            (
                "Frågorna är skrivna för demonstrationen.",
                "The questions are written for the demonstration.",
                "كُتبت الأسئلة للعرض فقط.",
            ),
        ),
    } | changes


def _single(locale: str) -> Context:
    return _question(
        locale,
        (
            "Hur ofta har du haft ork kvar till något som du tycker om att göra?",
            "How often have you had energy left for something that you like to do?",
            "كم مرة بقيت لديك طاقة لشيء تحب القيام به؟",
        ),
        recall=_say(
            locale,
            ("Tänk på veckan som har gått.", "Think of the week that has just gone by.", "فكّر في الأسبوع الذي مضى."),
        ),
        options=_options(locale, _OFTEN),
        adaptive=True,
    )


def _long(locale: str) -> Context:
    return _question(
        locale,
        ("Hur är det att gå i trappor?", "How is it to climb stairs?", "كيف هو صعود الدرج؟"),
        options=_options(locale, _EASE),
        not_applicable=_say(locale, _NOT_APPLICABLE),
    )


def _rating(locale: str) -> Context:
    least: Texts = ("0 – inget besvär alls", "0 – no trouble at all", "0 – لا إزعاج على الإطلاق")
    most: Texts = (
        "10 – så besvärligt som jag kan tänka mig",
        "10 – as troublesome as I can imagine",
        "10 – أقصى إزعاج يمكنني تخيله",
    )
    figures = [(str(figure),) * 3 for figure in range(1, 10)]
    labels = [_say(locale, texts) for texts in (least, *figures, most)]
    return _question(
        locale,
        (
            "Hur mycket besvär har du haft av ljud och buller i ditt hem?",
            "How much trouble have you had from noise in your home?",
            "ما مدى الإزعاج الذي سببته لك الضوضاء في منزلك؟",
        ),
        options=[{"code": code, "label": label, "alone": False} for code, label in enumerate(labels)],
        rating=True,
    )


def _several(locale: str) -> Context:
    return _question(
        locale,
        ("Vem har hjälpt dig hemma?", "Who has helped you at home?", "من ساعدك في المنزل؟"),
        kind="several_choices",
        options=_options(locale, _HELP, alone=4),
        not_applicable=_say(locale, ("Jag bor inte hemma", "I do not live at home", "لا أسكن في المنزل")),
    )


def _number(locale: str) -> Context:
    return _question(
        locale,
        ("Hur mycket väger du?", "How much do you weigh?", "كم وزنك؟"),
        kind="number",
        hint=_say(
            locale,
            ("Ungefär räcker. Du behöver inte väga dig.", "Roughly will do. No scales needed.", "يكفي تقديرًا تقريبيًا."),
        ),
        ends={"minimum": 20, "maximum": 300, "decimals": 1, "unit": _say(locale, ("kg", "kg", "كغ"))},
        not_applicable=_say(locale, ("Det vill jag inte mäta", "I would rather not measure", "لا أريد القياس")),
    )


def _day(locale: str) -> Context:
    return _question(
        locale,
        ("Vilken dag började besvären?", "On which day did the trouble begin?", "في أي يوم بدأت المتاعب؟"),
        kind="date",
        hint=_say(
            locale,
            ("Vet du inte säkert? Skriv ungefär.", "Not sure? Write roughly when.", "لست متأكدًا؟ اكتب تاريخًا تقريبيًا."),
        ),
        ends={"fields": ("year", "month", "day") if locale == "sv" else ("day", "month", "year")},
        skippable=False,
    )


def _text(locale: str) -> Context:
    return _question(
        locale,
        (
            "Vad vill du att vi tar upp på besöket?",
            "What do you want us to take up at the visit?",
            "ما الذي تود أن نتناوله في الزيارة؟",
        ),
        kind="free_text",
        hint=_say(locale, ("Några ord räcker.", "A few words will do.", "تكفي بضع كلمات.")),
        intro=_say(locale, ("Nu är det bara du som styr.", "Now it is all up to you.", "الآن الأمر متروك لك.")),
        ends={"longest": 500},
    )


def _statement(locale: str) -> Context:
    return _question(
        locale,
        (
            "De sista frågorna handlar om ditt hem.",
            "The last questions are about your home.",
            "الأسئلة الأخيرة تتعلق بمنزلك.",
        ),
        kind="statement",
        hint=_say(
            locale,
            (
                "De tar ett par minuter. Du kan hoppa över dem du inte vill svara på.",
                "They take a couple of minutes. You can skip those you do not want to answer.",
                "تستغرق دقيقتين. يمكنك تخطي ما لا تريد الإجابة عنه.",
            ),
        ),
        skippable=False,
    )


def _scale(locale: str) -> Context:
    return _question(
        locale,
        (
            "Hur lätt var det att hitta till mottagningen?",
            "How easy was it to find the clinic?",
            "ما مدى سهولة العثور؟",
        ),
        kind="visual_analogue_scale",
        position=6,
        sequence=6,
        questions=(6, 6),
        part_number=1,
        part_count=1,
        progress=0.83,
        skippable=False,
        ends={
            "minimum": 0,
            "maximum": 100,
            "steps": 10,
            "value": None,
            "top": _say(locale, ("så lätt det kan bli", "as easy as it can be", "أسهل ما يمكن")),
            "bottom": _say(locale, ("så svårt det kan bli", "as difficult as it can be", "أصعب ما يمكن")),
            "instruction": _say(
                locale,
                (
                    "Tryck på skalan eller skriv en siffra.",
                    "Press the scale or write a number.",
                    "اضغط على المقياس أو اكتب رقمًا.",
                ),
            ),
        },
    )
