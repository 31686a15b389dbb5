"""By which ways a patient can be written to: what protects, and what is fresh, is decided here."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.ladder import Unreached
from notifications.message import Format, PostalAddress
from survey_service.demo.people import identity_number
from survey_service.foundation.person_directory import Guardian, PersonFacts
from survey_service.notifying.addressing import (
    Addressee,
    Choices,
    LastFacts,
    has_new_number,
    mobile_number,
    reach_of,
)
from survey_service.people.rules import Identity

TODAY = date(2026, 11, 23)
ADULT = identity_number(date(1980, 1, 2), 0)
CHILD = identity_number(date(2017, 1, 1), 0)
RENEWED = identity_number(date(1980, 1, 2), 1)
HOME = PostalAddress("Tyra Testdotter", "Provgatan 1", "123 45", "Provstad")
PARENT = PostalAddress("Förälder Testdotter", "Provgatan 2", "123 45", "Provstad")
FORMATS = {"letter": Format.LETTER, "email": Format.EMAIL, "sms": Format.SMS, "mailbox": Format.NOTE}
TYRA = Addressee(
    UUID(int=1),
    Identity(ADULT, "Tyra Testdotter", "unit@example.se", "0701740605", "sv"),
    facts=PersonFacts(ADULT, address=HOME),
)
PROTECTED = PersonFacts(ADULT, is_protected=True)


def test_without_choices_every_way_is_open_and_the_letter_comes_last() -> None:
    reach, addresses = reach_of(TYRA, FORMATS, today=TODAY)
    assert reach.channels == ("email", "sms", "mailbox", "letter")
    assert addresses == {"email": "unit@example.se", "sms": "+46701740605", "mailbox": ADULT, "letter": HOME}


def test_the_patients_choices_decide_which_ways_and_their_order() -> None:
    chosen = replace(TYRA, choices=Choices("own@example.se", None, ("sms", "email")))
    reach, addresses = reach_of(chosen, FORMATS, today=TODAY)
    assert reach.channels == ("sms", "email")
    assert addresses["email"] == "own@example.se"


def test_who_wants_no_messages_gets_none() -> None:
    reach, addresses = reach_of(replace(TYRA, choices=Choices("own@example.se", None, ())), FORMATS, today=TODAY)
    assert (reach.channels, reach.why_not, dict(addresses)) == ((), Unreached.DECLINED, {})


def test_a_protected_patient_is_written_to_only_where_the_patient_asked_for_it() -> None:
    """C5"""
    nowhere, _ = reach_of(replace(TYRA, facts=PROTECTED), FORMATS, today=TODAY)
    own = Choices("own@example.se", None, ("letter", "mailbox", "email", "sms"))
    somewhere, addresses = reach_of(replace(TYRA, facts=PROTECTED, choices=own), FORMATS, today=TODAY)
    assert (nowhere.channels, nowhere.why_not) == ((), Unreached.PROTECTED)
    assert (somewhere.channels, addresses) == (("email",), {"email": "own@example.se"})


def test_what_the_directory_said_last_protects_while_it_is_down() -> None:
    """C5"""
    last = LastFacts(is_protected=True, deceased_on=None, checked_at=datetime(2026, 11, 1, tzinfo=UTC))
    reach, _ = reach_of(replace(TYRA, facts=None, last=last), FORMATS, today=TODAY)
    assert (reach.channels, reach.why_not) == ((), Unreached.PROTECTED)


def test_no_letter_goes_out_while_the_directory_is_down() -> None:
    """C5: yesterday's address may be a protected one today."""
    silent = replace(TYRA, identity=replace(TYRA.identity, email=None, phone=None), facts=None)
    reach, _ = reach_of(silent, {"letter": Format.LETTER, "email": Format.EMAIL}, today=TODAY)
    assert (reach.channels, reach.why_not) == ((), Unreached.DIRECTORY)


def test_a_childs_letter_goes_to_a_guardian() -> None:
    """C5"""
    facts = PersonFacts(CHILD, address=HOME, guardians=(Guardian(ADULT, None), Guardian(ADULT, PARENT)))
    child = replace(TYRA, identity=replace(TYRA.identity, number=CHILD), facts=facts)
    assert reach_of(child, FORMATS, today=TODAY)[1]["letter"] == PARENT
    orphan = replace(child, facts=replace(facts, guardians=()))
    assert "letter" not in reach_of(orphan, FORMATS, today=TODAY)[1]


def test_a_number_that_has_been_replaced_is_seen_and_the_new_one_is_written_to() -> None:
    moved = replace(TYRA, facts=PersonFacts(RENEWED, address=HOME))
    assert has_new_number(moved)
    assert not has_new_number(TYRA)
    assert reach_of(moved, FORMATS, today=TODAY)[1]["mailbox"] == RENEWED


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("0701740605", "+46701740605"),
        ("0046701740605", "+46701740605"),
        ("+46701740605", "+46701740605"),
        ("46701740605", "+46701740605"),
        ("+358401234567", "+358401234567"),
        ("084650000", None),
        ("+4684650000", None),
    ],
)
def test_a_text_message_goes_to_mobile_numbers_only(written: str, wanted: str | None) -> None:
    assert mobile_number(written) == wanted


_CHANNELS = st.lists(st.sampled_from([*FORMATS, "fax"]), unique=True).map(tuple)
_CHOICES = st.none() | st.builds(
    Choices, st.none() | st.just("own@example.se"), st.none() | st.just("0701740606"), _CHANNELS
)
_FACTS = st.none() | st.builds(PersonFacts, st.just(ADULT), st.booleans(), st.none(), st.none() | st.just(HOME))
_LAST = st.none() | st.builds(LastFacts, st.booleans(), st.none(), st.just(datetime(2026, 11, 1, tzinfo=UTC)))


@given(_CHOICES, _FACTS, _LAST)
def test_nothing_that_the_patient_did_not_give_reaches_who_is_protected(
    choices: Choices | None, facts: PersonFacts | None, last: LastFacts | None
) -> None:
    """C5: and each channel has an address, of those that are wanted and configured."""
    one = replace(TYRA, choices=choices, facts=facts, last=last)
    reach, addresses = reach_of(one, FORMATS, today=TODAY)
    assert reach.channels == tuple(addresses)
    assert choices is None or set(reach.channels) <= set(choices.channels) & set(FORMATS)
    known = facts or last
    if known is not None and known.is_protected:
        own = set() if choices is None else {choices.email, mobile_number(choices.phone or "0")}
        assert set(addresses.values()) <= own
    if facts is None:
        assert "letter" not in addresses
