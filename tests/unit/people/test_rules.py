"""Identity numbers, names and contacts: what is taken, and in which one form it is kept."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_service.demo.people import identity_number
from survey_service.errors import BadInput
from survey_service.people.rules import Identity, age_on, parse_email, parse_identity_number, parse_name, parse_phone


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        # The Swedish Tax Agency's own testing numbers.
        ("19121212-1212", "191212121212"),
        ("191212121212", "191212121212"),
        ("121212+1212", "191212121212"),
        (" 19121212-1212 ", "191212121212"),
        ("20121212-1212", "201212121212"),
        ("121212-1212", "201212121212"),
        ("1212121212", "201212121212"),
        ("20121212+1212", "201212121212"),
        # Samordningsnummer: 60 is added to the day.
        ("19701063-2391", "197010632391"),
        ("701063-2391", "197010632391"),
        ("7010632391", "197010632391"),
    ],
)
def test_however_it_is_written_a_number_is_kept_as_twelve_digits(written: str, kept: str) -> None:
    assert parse_identity_number(written) == kept


@pytest.mark.parametrize(
    ("number", "day", "age"),
    [
        (identity_number(date(2018, 11, 22), 1), date(2026, 11, 21), 7),
        (identity_number(date(2018, 11, 22), 1), date(2026, 11, 22), 8),
        (identity_number(date(2012, 2, 29), 1), date(2027, 2, 28), 14),
        (identity_number(date(2012, 2, 29), 1), date(2027, 3, 1), 15),
        ("197010632391", date(2026, 10, 2), 55),
        ("197010632391", date(2026, 10, 3), 56),
        ("191212121212", date(2026, 11, 22), 113),
    ],
)
def test_age_turns_on_the_birthday(number: str, day: date, age: int) -> None:
    """F1: a samordningsnummer has 60 added to the day of birth."""
    assert age_on(number, day) == age


@given(st.dates(date(1900, 1, 1), date(2026, 11, 21)), st.integers(0, 19))
def test_every_testing_number_is_kept_as_it_is(born: date, serial: int) -> None:
    number = identity_number(born, serial)
    assert parse_identity_number(number) == parse_identity_number(f"{number[:8]}-{number[8:]}") == number


@pytest.mark.parametrize("year", [1904, 1996, 2000, 2024])
def test_somebody_born_on_a_leap_day_has_a_number(year: int) -> None:
    number = identity_number(date(year, 2, 29), 7)
    assert parse_identity_number(number) == number


NONSENSE = ["", " ", "0", "19121212-1213", "19121312-1212", "20010229-0004", "19121200-1212", "19121292-1212",
            "1912-12-12-1212", "19121212--1212", "19121212 1212x", "19121212-121", "19121212-12122", "abcdefgh-ijkl",
            "١٩١٢١٢١٢-١٢١٢", "１９１２１２１２１２１２", "19121212-1212\x00", "19121212\n1212", "000000000000",
            "-191212121212", "9" * 5000, "19121212–1212"]  # fmt: skip


@pytest.mark.parametrize("text", NONSENSE, ids=lambda one: repr(one)[:24])
def test_what_is_no_number_is_refused_at_its_field(text: str) -> None:
    """B12"""
    with pytest.raises(BadInput) as refused:
        parse_identity_number(text)
    assert list(refused.value.fields) == ["personal_number"]
    assert text.strip() == "" or text not in refused.value.sentence


@given(st.text(max_size=30))
def test_no_text_makes_a_rule_fail_in_another_way_than_by_refusing(text: str) -> None:
    for rule in (parse_identity_number, parse_name, parse_email, parse_phone):
        try:
            kept = rule(text)
        except BadInput:
            continue
        assert kept is None or (kept == kept.strip() and kept.isprintable())


@given(st.text(alphabet="0123456789", min_size=10, max_size=12))
def test_what_is_kept_is_kept_again_unchanged(digits: str) -> None:
    try:
        kept = parse_identity_number(digits)
    except BadInput:
        return
    assert len(kept) == 12
    assert parse_identity_number(kept) == kept


@pytest.mark.parametrize(
    "name", ["Tyra", "  Tyra   Testsson ", "Åsa Öberg-Ängström", "محمد", "O'Neill", "李雷", "x" * 200]
)
def test_a_name_is_any_persons(name: str) -> None:
    assert parse_name(name) == " ".join(name.split())


@pytest.mark.parametrize(
    "name", ["", "  ", "\n", "x" * 201, "Tyra\x00", "Ty\x1bra", "\u202egnos"], ids=lambda one: repr(one)[:20]
)
def test_a_name_that_is_missing_endless_or_unprintable_is_refused(name: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_name(name)
    assert list(refused.value.fields) == ["name"]


@pytest.mark.parametrize("email", ["a@b.se", "tyra.testsson+prom@sub.example.se", " tyra@example.se "])
def test_an_address_is_kept_without_blanks(email: str) -> None:
    assert parse_email(email) == email.strip()


@pytest.mark.parametrize(
    "email",
    ["tyra", "@example.se", "tyra@", "tyra@example", "tyra@@example.se", "tyra@.se", "tyra@example..se",
     "tyra@example.se.",
     "tyra@example.se,all@example.se", "tyra@example.se;x", "Tyra <tyra@example.se>", "tyra@example.se\r\nBcc: x@y.se",
     "ty ra@example.se", "tyra\x00@example.se", "x" * 65 + "@example.se", "tyra@" + "x" * 250 + ".se"],
    ids=lambda one: repr(one)[:30],
)  # fmt: skip
def test_an_address_that_cannot_be_right_is_refused(email: str) -> None:
    """B12"""
    with pytest.raises(BadInput) as refused:
        parse_email(email)
    assert list(refused.value.fields) == ["email"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [("070-174 06 05", "0701740605"), ("(070) 1740605", "0701740605"), ("+46701740605", "+46701740605")],
)
def test_a_phone_number_is_kept_in_digits(written: str, kept: str) -> None:
    assert parse_phone(written) == kept


@pytest.mark.parametrize(
    "phone", ["123456", "1" * 16, "ring mig", "070-174x", "++46701740605", "46+701740605", "٠٧٠١٧٤٠٦٠٥"]
)
def test_a_phone_number_that_cannot_be_right_is_refused(phone: str) -> None:
    """B12"""
    with pytest.raises(BadInput) as refused:
        parse_phone(phone)
    assert list(refused.value.fields) == ["phone"]


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_contact_is_none(text: str) -> None:
    assert (parse_email(text), parse_phone(text)) == (None, None)


def test_an_identity_is_never_printed() -> None:
    identity = Identity("191212121212", "Tyra Testsson", "tyra@example.se", "0701740605", "sv")
    assert repr(identity) == "Identity(locale='sv')"
