"""What leaves the service, in every format and language: who has a message, and the way in."""

from collections.abc import Mapping
from datetime import date

import pytest
from babel.support import Translations
from hypothesis import given
from hypothesis import strategies as st

from notifications.ladder import Kind
from notifications.message import Email, Format, Letter, Message, Note, PostalAddress, Sms, refuse_revealing
from notifications.sender_ids import sms_sender_id
from notifications.specialities import specialities
from survey_service.notifying.rendering import missing_texts, render
from translations.interface import interface_translations, shipped_locales

TEXTS: Mapping[str, Translations] = interface_translations()
HOME = PostalAddress(name="Tyra Testdotter", street="Provgatan 1", postcode="123 45", town="Provstad")
SEGMENT = 160


def rendered(format: Format, *, kind: Kind = Kind.INVITATION, locale: str = "sv", code: str = "") -> Message:
    to = {Format.EMAIL: "tyra@example.se", Format.SMS: "+46701740605", Format.NOTE: "191212121212"}
    return render(
        format,
        kind=kind,
        key="1",
        to=to.get(format, HOME),
        sender_name="Region Ett",
        base_url="https://svarsrummet.example",
        locale=locale,
        texts=TEXTS[locale],
        day=date(2026, 11, 23),
        code=code,
        return_address="Box 1, 123 45 Provstad" if format is Format.LETTER else "",
    )


def words(message: Message) -> str:
    match message:
        case Email():
            return "\n".join((message.subject, message.text, message.html))
        case Sms():
            return message.text
        case Letter():
            return "\n".join((message.heading, *message.paragraphs, message.link))
        case Note():
            return "\n".join((message.subject, message.text, message.link))


@pytest.mark.parametrize("locale", shipped_locales())
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("format", Format)
def test_every_format_says_in_every_language_who_writes_and_where_to_sign_in(
    format: Format, kind: Kind, locale: str
) -> None:
    """C1"""
    said = words(rendered(format, kind=kind, locale=locale))
    assert "Region Ett" in said
    assert "https://svarsrummet.example/inbox" in said


@pytest.mark.parametrize("locale", shipped_locales())
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("format", Format)
def test_no_notice_names_a_kind_of_care_in_any_language(format: Format, kind: Kind, locale: str) -> None:
    """C1: nor does any word of ours look like one, which would hinder every notice."""
    refuse_revealing(rendered(format, kind=kind, locale=locale, code="ABCD-2345"), secrets=specialities())


@pytest.mark.parametrize("format", Format)
def test_what_is_said_another_way_is_what_the_invitation_said(format: Format) -> None:
    assert rendered(format, kind=Kind.OTHER_WAY) == rendered(format)


@pytest.mark.parametrize("format", Format)
def test_a_reminder_says_that_it_is_one(format: Format) -> None:
    assert words(rendered(format, kind=Kind.REMINDER)) != words(rendered(format))


@pytest.mark.parametrize("kind", Kind)
def test_a_text_message_in_swedish_is_one_segment(kind: Kind) -> None:
    message = rendered(Format.SMS, kind=kind)
    assert isinstance(message, Sms)
    assert len(message.text) <= SEGMENT


def test_an_email_leads_to_the_choices_of_how_to_be_written_to() -> None:
    message = rendered(Format.EMAIL)
    assert isinstance(message, Email)
    assert message.choices_link == "https://svarsrummet.example/contact"
    assert message.choices_link in message.text
    assert message.choices_link in message.html


@pytest.mark.parametrize("locale", shipped_locales())
def test_a_letter_speaks_of_a_code_only_where_it_has_one(locale: str) -> None:
    without, with_code = (rendered(Format.LETTER, locale=locale, code=code) for code in ("", "ABCD-2345"))
    assert isinstance(without, Letter)
    assert isinstance(with_code, Letter)
    assert (without.code, without.code_label) == ("", "")
    assert with_code.code_label
    assert len(with_code.paragraphs) == len(without.paragraphs) + 1


@pytest.mark.parametrize("locale", shipped_locales())
def test_every_language_that_ships_has_every_text_of_a_notice(locale: str) -> None:
    """E2"""
    assert missing_texts(locale, TEXTS[locale]) == ()


def test_a_language_that_lacks_a_text_is_found_out() -> None:
    """E2"""
    lacking = missing_texts("nb", Translations())
    assert "You have a new message at %(sender)s" in lacking
    assert "Your code" in lacking


def test_names_in_a_right_to_left_text_keep_their_own_direction() -> None:
    """C6"""
    assert "⁨Region Ett⁩" in words(rendered(Format.SMS, locale="ar"))


def test_a_sender_name_cannot_bring_markup_into_an_email() -> None:
    message = render(
        Format.EMAIL,
        kind=Kind.INVITATION,
        key="1",
        to="tyra@example.se",
        sender_name="<b>Region</b>",
        base_url="https://svarsrummet.example",
        locale="sv",
        texts=TEXTS["sv"],
        day=date(2026, 11, 23),
    )
    assert isinstance(message, Email)
    assert "<b>" not in message.html


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Region Ett", "Region Ett"),
        ("Västra Götalandsregionen", "Vastra"),
        ("Örebro län", "Orebro lan"),
        ("Övergripandevården", "Overgripand"),
        ("Ærø & Sön", "AEro Son"),
        ("1177", "1177"),
    ],
)
def test_a_phone_shows_the_sender_in_letters_that_every_network_carries(name: str, shown: str) -> None:
    assert sms_sender_id(name).casefold() == shown.casefold()


@given(st.text())
def test_a_sender_id_always_fits_the_network(name: str) -> None:
    shown = sms_sender_id(name)
    assert len(shown) <= 11
    assert shown.isascii()
    assert all(one.isalnum() or one == " " for one in shown)
