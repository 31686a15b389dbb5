"""What the simulated person directory says of the demonstration's people, with every case that notices must heed."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from notifications.message import PostalAddress
from survey_service.demo.directory import write_directory
from survey_service.demo.people import identity_number
from survey_service.foundation.person_directory import Guardian, PersonFacts
from survey_service.people.rules import Identity

# A child to order surveys for, and the parent to whom letters go.
CHILD = identity_number(date(2016, 5, 14), 4)
PARENT = identity_number(date(1986, 2, 8), 5)
# Of those who were made up, in their order.
_PROTECTED, _DECEASED, _RENUMBERED = 5, 9, 13


def register_people(file: Path, people: Sequence[Identity]) -> None:
    """Write the file once: what somebody has changed in it stays."""
    if file.exists():
        return
    facts = {one.number: PersonFacts(one.number, address=_home(one.name, place)) for place, one in enumerate(people)}
    protected, deceased, renumbered = (people[place].number for place in (_PROTECTED, _DECEASED, _RENUMBERED))
    facts[protected] = PersonFacts(protected, is_protected=True)
    facts[deceased] = PersonFacts(deceased, deceased_on=date(2026, 11, 1))
    # Found under the samordningsnummer that care knows; in force is the personnummer.
    facts[_coordination(renumbered)] = facts[renumbered]
    facts[CHILD] = PersonFacts(
        CHILD, address=_home("Vera Gran", 90), guardians=(Guardian(PARENT, _home("Petra Gran", 90)),)
    )
    write_directory(file, facts)


def _home(name: str, place: int) -> PostalAddress:
    return PostalAddress(name, f"Exempelgatan {place + 1}", "123 45", "Exempelstad")


def _coordination(number: str) -> str:
    """The samordningsnummer that the person had: the day of birth and sixty, with its own check digit."""
    digits = f"{number[2:6]}{int(number[6:8]) + 60}{number[8:11]}"
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return f"{number[:2]}{digits}{-sum(one // 10 + one % 10 for one in doubled) % 10}"
