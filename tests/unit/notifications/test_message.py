"""A notice says that something waits, and nothing else."""

from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.message import Email, Letter, Message, Note, PostalAddress, RevealingMessage, Sms, refuse_revealing

HARMLESS = Email(
    key="1",
    to="tyra@example.se",
    sender_name="Region Ett",
    subject="Du har ett meddelande",
    text="Logga in och läs: https://survey.test/inbox",
    html="<p>Logga in och läs.</p>",
)


@pytest.mark.parametrize("place", ["sender_name", "subject", "text", "html"])
@pytest.mark.parametrize("written", ["Hjärtkliniken", "HJÄRTKLINIKEN", "hjärtkliniken", "vid Hjärtkliniken."])
def test_a_secret_anywhere_in_any_case_is_refused(place: str, written: str) -> None:
    """C1"""
    revealing = replace(HARMLESS, **{place: f"{getattr(HARMLESS, place)} {written}"})
    with pytest.raises(RevealingMessage):
        refuse_revealing(revealing, secrets=["Hjärtkliniken"])


def test_any_one_of_several_secrets_is_enough() -> None:
    """C1"""
    with pytest.raises(RevealingMessage):
        refuse_revealing(replace(HARMLESS, text="promis-anxiety"), secrets=["Tyra", "promis-anxiety"])


@pytest.mark.parametrize("secrets", [[], [""], ["  "], ["Hjärtkliniken", ""]])
def test_a_harmless_message_may_go_and_an_empty_secret_hinders_nothing(secrets: list[str]) -> None:
    refuse_revealing(HARMLESS, secrets=secrets)


def test_the_address_it_goes_to_is_no_secret_of_its_own() -> None:
    refuse_revealing(replace(HARMLESS, to="hjärtkliniken@example.se"), secrets=["Hjärtkliniken"])


HARMLESS_OF_EVERY_FORMAT: dict[str, Message] = {
    "email": HARMLESS,
    "sms": Sms("1", "+46701740635", "RegionEtt", "Nytt meddelande: https://survey.test/inbox"),
    "letter": Letter(
        key="1",
        to=PostalAddress("Tyra", "Storgatan 1", "411 01", "Göteborg"),
        sender_name="Region Ett",
        return_address="Box 1, 401 20 Göteborg",
        day=date(2026, 11, 23),
        locale="sv",
        heading="Du har ett meddelande",
        paragraphs=("Logga in och läs.",),
        link="https://survey.test/letter",
        code="ABCD",
        code_label="Din kod",
    ),
    "note": Note("1", "191212121212", "Region Ett", "Du har ett meddelande", "Logga in.", "https://survey.test/inbox"),
}
# To whom it goes is for the carrier; the day, the language and the code of chance tell nothing.
NOT_CHECKED = {"to", "day", "locale", "code"}
PLACES = [
    (name, field.name)
    for name, message in HARMLESS_OF_EVERY_FORMAT.items()
    for field in fields(message)
    if field.name not in NOT_CHECKED
]
# Something must be left when spaces and hyphens are not looked at.
SECRETS = st.text(st.characters(categories=["L", "N"]), min_size=4)


@pytest.mark.parametrize(("name", "place"), PLACES)
@given(SECRETS)
def test_no_secret_gets_through_any_field_of_any_format(name: str, place: str, secret: str) -> None:
    """C1, what must never happen 6"""
    message = HARMLESS_OF_EVERY_FORMAT[name]
    value = getattr(message, place)
    told = (*value, f"Om {secret}") if isinstance(value, tuple) else f"{value} Om {secret}"
    with pytest.raises(RevealingMessage):
        refuse_revealing(replace(message, **{place: told}), secrets=[secret])


@pytest.mark.parametrize("message", HARMLESS_OF_EVERY_FORMAT.values(), ids=list(HARMLESS_OF_EVERY_FORMAT))
def test_what_the_channel_shows_of_its_own_is_checked_with_every_format(message: Message) -> None:
    """C1"""
    refuse_revealing(message, secrets=["Hjärtkliniken"], envelope=["no-reply@region-ett.test"])
    with pytest.raises(RevealingMessage):
        refuse_revealing(message, secrets=["Hjärtkliniken"], envelope=["no-reply@hjartkliniken.test"])


@pytest.mark.parametrize(
    ("html", "secret"),
    [
        ("<p>Hj&auml;rt<b>kliniken</b></p>", "Hjärtkliniken"),
        ("<p>V&#229;rd &amp; hopp</p>", "Vård & hopp"),
        ('<img alt="Hjärtkliniken">', "Hjärtkliniken"),
    ],
)
def test_html_is_checked_as_it_is_read(html: str, secret: str) -> None:
    """C1"""
    with pytest.raises(RevealingMessage):
        refuse_revealing(replace(HARMLESS, html=html), secrets=[secret])


def test_a_link_is_checked_as_it_is_read() -> None:
    """C1"""
    with pytest.raises(RevealingMessage):
        refuse_revealing(replace(HARMLESS, text="https://survey.test/hj%C3%A4rta"), secrets=["hjärta"])


def test_a_refusal_repeats_nothing_and_a_message_prints_nothing_personal() -> None:
    with pytest.raises(RevealingMessage) as refused:
        refuse_revealing(replace(HARMLESS, text="Tyra"), secrets=["Tyra"])
    assert str(refused.value) == ""
    assert "tyra" not in repr(HARMLESS)
    assert "Logga in" not in repr(HARMLESS)


@pytest.mark.parametrize("shown", ["ESS", "Om ess.", "e-s-s"])
def test_a_short_secret_is_refused_as_a_word(shown: str) -> None:
    """C1"""
    with pytest.raises(RevealingMessage):
        refuse_revealing(replace(HARMLESS, subject=shown), secrets=["ESS"])


def test_a_short_secret_is_none_inside_another_word() -> None:
    refuse_revealing(replace(HARMLESS, subject="Skriv adressen"), secrets=["ESS"])


def test_what_the_channel_shows_of_its_own_counts_too() -> None:
    """C1"""
    with pytest.raises(RevealingMessage):
        refuse_revealing(HARMLESS, secrets=["onkolog"], envelope=["svar@onkologen.example"])
