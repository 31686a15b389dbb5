"""What patients read can be read by a twelve-year-old, and plain Swedish by somebody who reads with effort."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask.testing import FlaskClient

from tests.preview.app import ROOT, create_app
from tests.preview.reading import Reading, read
from tests.preview.samples import pages

# LIX below 30 is what children's books have, and below 40 what fiction has.
MOST = {"sv": 40, "sv_simple": 30}
MOST_WORDS = 20
PAGES = [
    name
    for name, page in pages("sv").items()
    if page.signed_in in (None, "patient", "tablet") and not page.template.startswith("email/")
]
TEMPLATES = ROOT / "survey_service" / "http" / "templates"


@pytest.fixture(scope="module")
def preview() -> FlaskClient:
    return create_app().test_client()


@pytest.mark.parametrize("locale", MOST)
@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_easy_to_read(preview: FlaskClient, name: str, locale: str) -> None:
    """C6"""
    reading = read(preview.get(f"/{locale}/{name}").get_data(as_text=True))
    assert reading.lix <= MOST[locale]


def test_plain_swedish_has_no_long_sentence_for_patients() -> None:
    """C6: errors, refusals and notices too, which no page of the preview may show."""
    with (ROOT / "translations/ui/sv_simple/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale="sv")
    texts = [
        text
        for message in catalogue
        if message.id and any(for_patients(Path(place)) for place, _ in message.locations)
        for text in (message.string if isinstance(message.string, tuple) else (message.string,))
    ]
    assert len(texts) > 200
    assert [long for text in texts for long in read(f"<p>{text}</p>").longer_than(MOST_WORDS)] == []


def test_a_long_sentence_and_long_words_are_found() -> None:
    hard = Reading(("Personuppgiftsbehandlingen förutsätter samtyckesdokumentation från vårdgivaren.",))
    assert hard.lix > 60
    assert Reading((" ".join(["ord"] * 21) + ".",)).longer_than(MOST_WORDS)


def test_lix_is_what_its_author_said() -> None:
    """Words a sentence, and long words a hundred: two sentences, eight words, one of more than six letters."""
    assert read("<p>Katten sover. Den fina hunden springer hemåt fort.</p>").lix == pytest.approx(8 / 2 + 100 * 1 / 8)


def for_patients(place: Path) -> bool:
    """Whether a text of this file is shown to patients."""
    parts = place.parts
    if "templates" in parts:
        inside = parts[parts.index("templates") + 1 :]
        return (len(inside) == 1 and inside[0] != "staff_base.html") or inside[0] in ("sms", "email", "letter")
    return (parts[:2] == ("survey_service", "answering") and "paper" not in place.name) or place.name.startswith(
        "letter_"
    )
