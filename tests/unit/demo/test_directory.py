"""The simulated person directory says what its file says, and is down when asked to be."""

import json
from datetime import date
from pathlib import Path

import pytest

from notifications.message import PostalAddress
from survey_service.demo.directory import SimulatedDirectory, write_directory
from survey_service.demo.people import identity_number, made_up_patients
from survey_service.demo.registered import CHILD as VERA
from survey_service.demo.registered import register_people
from survey_service.foundation.person_directory import NO_DIRECTORY, DirectoryDown, Guardian, PersonFacts
from survey_service.people.rules import parse_identity_number

CHILD, PARENT, STRANGER = (identity_number(date(year, 1, 2), 0) for year in (2017, 1980, 1950))
HOME = PostalAddress("Förälder Testdotter", "Provgatan 1", "123 45", "Provstad", care_of="Testsson")


@pytest.mark.parametrize(
    "facts",
    [
        PersonFacts(PARENT, address=HOME),
        PersonFacts(PARENT, is_protected=True),
        PersonFacts(PARENT, deceased_on=date(2026, 11, 1)),
        PersonFacts(CHILD, address=HOME, guardians=(Guardian(PARENT, HOME), Guardian(STRANGER, None))),
    ],
)
def test_facts_come_back_as_they_were_written(tmp_path: Path, facts: PersonFacts) -> None:
    write_directory(tmp_path / "people.json", {PARENT: facts})
    assert SimulatedDirectory(tmp_path / "people.json").look_up([PARENT, STRANGER]) == {PARENT: facts}


def test_a_directory_that_is_down_says_so(tmp_path: Path) -> None:
    write_directory(tmp_path / "people.json", {PARENT: PersonFacts(PARENT)}, is_down=True)
    with pytest.raises(DirectoryDown):
        SimulatedDirectory(tmp_path / "people.json").look_up([PARENT])


def test_a_file_that_is_missing_or_broken_is_a_directory_that_is_down(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    for name in ("missing.json", "broken.json"):
        with pytest.raises(DirectoryDown):
            SimulatedDirectory(tmp_path / name).look_up([PARENT])


def test_where_none_is_connected_nothing_is_known() -> None:
    with pytest.raises(DirectoryDown):
        NO_DIRECTORY.look_up([PARENT])


def test_the_demonstration_has_every_case_and_keeps_what_was_changed(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    people = made_up_patients(24)
    register_people(file, people)
    said = SimulatedDirectory(file).look_up([*(one.number for one in people), VERA])
    assert [one for one in said.values() if one.is_protected]
    assert [one for one in said.values() if one.deceased_on]
    assert said[VERA].guardians
    everybody = json.loads(file.read_text(encoding="utf-8"))["people"]
    (asked,) = [number for number, one in everybody.items() if one["number"] != number]
    assert parse_identity_number(asked) == asked
    write_directory(file, {})
    register_people(file, people)
    assert SimulatedDirectory(file).look_up([VERA]) == {}
