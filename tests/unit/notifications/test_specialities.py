"""What names a kind of care is no part of anything that a stranger may read."""

import pytest

from notifications.specialities import names_speciality, specialities, speciality_words


@pytest.mark.parametrize(
    "text",
    [
        "Ortopedmottagningen Exempelstad",
        "Vuxenpsykiatri Nord",
        "Öron-näsa-hals",
        "KOL-mottagningen",
        "svar@hjartkliniken.example",
        "https://onkologi.region.example",
        "Smärtmottagningen",
        "Breast clinic",
        "Department of Orthopaedics",
    ],
)
def test_a_kind_of_care_is_seen_in_names_and_addresses(text: str) -> None:
    """C1"""
    assert names_speciality(text)


@pytest.mark.parametrize(
    "text",
    [
        "Region Skåne",
        "Region Exempel",
        "Svarsrummet",
        "Vårdcentralen Kolmården",
        "Oberoende Vård AB",
        "Smarta svar",
        "1177",
        "Kustvård",
        "svar@region.example",
    ],
)
def test_a_neutral_name_is_left_alone(text: str) -> None:
    assert not names_speciality(text)


def test_only_the_telling_words_of_a_name_are_secrets_of_their_own() -> None:
    assert speciality_words("Ortopedmottagningen Exempelstad") == ["Ortopedmottagningen"]


def test_the_list_is_written_as_it_is_compared() -> None:
    for one in specialities():
        assert one.isascii()
        assert one.isalpha()
        assert one == one.lower()
    assert len(set(specialities())) == len(specialities())
