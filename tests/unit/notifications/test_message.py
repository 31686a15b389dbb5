"""A notice says that something waits, and nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.message import Email, RevealingMessage, refuse_revealing

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


@given(st.text(st.characters(categories=["L", "N"]), min_size=1))
def test_no_secret_gets_through_the_subject(secret: str) -> None:
    """C1"""
    with pytest.raises(RevealingMessage):
        refuse_revealing(replace(HARMLESS, subject=f"Om {secret}"), secrets=[secret])


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
