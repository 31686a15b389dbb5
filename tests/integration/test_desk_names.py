"""What the desk calls subjects, texts and reasons: in people's words, and in the reader's language."""

from collections import Counter
from io import BytesIO

import pytest
from flask import Flask

from instruments import Respondent
from survey_service.foundation.services import Services
from survey_service.languages.subject_names import SubjectName
from tests.desk import PREM, QUESTION, Desk, make_desk, words
from translations.contexts import ordered
from translations.subjects import InstrumentSubject

IMPORT = f"/translate/nb/{PREM}/import"


@pytest.fixture
def desk(app: Flask, services: Services) -> Desk:
    return make_desk(app, services)


def test_every_part_of_every_instrument_has_a_name_of_its_own(app: Flask, services: Services) -> None:
    """E1: nobody has to know what an identifier stands for."""
    unnamed, shared = [], []
    with app.test_request_context():
        for instrument in map(services.library.latest, services.library.ids()):
            subject = str(InstrumentSubject(instrument.id, instrument.version, Respondent.SELF))
            name = SubjectName(subject, "", instrument)
            named = {context: name.text(context) for context in ordered(instrument)}
            unnamed += [f"{subject} {context}" for context, text in named.items() if text == context]
            # Names of results say what stands in the context's end, and two short forms may have the same.
            counts = Counter(text for context, text in named.items() if not context.startswith(("score:", "recall:")))
            shared += [f"{subject} {text}" for text, count in counts.items() if count > 1]
    assert (unnamed, shared) == ([], [])


def test_a_subject_is_named_by_its_title_and_a_text_by_its_part_with_the_context_in_small_print(desk: Desk) -> None:
    """E1"""
    listed = words(desk.visitor(desk.tina).get(f"/translate/nb/{PREM}"))
    assert "En fråga om ditt senaste besök Norskt bokmål · prem-overall · 1.0" in listed
    page = desk.visitor(desk.tina).get(desk.address(QUESTION))
    assert '<h1 class="text-name">Fråga 1 <bdi class="small-print" dir="ltr">item:overall</bdi></h1>' in page.text
    assert QUESTION in words(desk.visitor(desk.tina).get(f"/translate/nb/{PREM}?search={QUESTION}"))


@pytest.mark.parametrize(
    ("locale", "title"),
    [
        ("sv", "En fråga om ditt senaste besök"),
        ("sv-simple", "En fråga om ditt senaste besök"),
        ("en", "A question about your latest visit"),
        ("fi", "A question about your latest visit"),
    ],
)
def test_a_title_is_in_the_readers_language_else_in_the_sources(desk: Desk, locale: str, title: str) -> None:
    """E2: nobody has begun Finnish here."""
    listed = desk.visitor(desk.tina).get("/translate", headers={"Accept-Language": locale})
    assert title in words(listed)


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("sv", "x.po: rad 3: är varken en kommentar eller en text inom citattecken med sitt nyckelord"),
        ("fi", "x.po: rivi 3: ei ole kommentti eikä lainausmerkeissä oleva teksti avainsanoineen"),
        ("en", "x.po: line 3: is neither a comment nor a quoted text with its keyword"),
    ],
)
def test_why_a_file_is_refused_is_told_in_the_readers_language(desk: Desk, locale: str, sentence: str) -> None:
    """E1, E2"""
    visitor = desk.visitor(desk.tina)
    hidden = visitor.page(IMPORT).form(IMPORT).fields
    torn = b'msgid ""\nmsgstr ""\ntorn\n'
    answer = visitor.raw_post(
        IMPORT, data={**hidden, "file": (BytesIO(torn), "x.po")}, headers={"Accept-Language": locale}
    )
    assert answer.status_code == 400
    assert sentence in words(answer)
