"""The made-up people of the demonstration: who can sign in, as whom.

Birth numbers 980-999 are set aside for testing by the Swedish Tax Agency, so no number here belongs to anybody.
"""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from survey_service.access.rules import CARE_PURPOSE, PERSONAL_NUMBER_CLAIM, TRANSLATION_PURPOSE
from survey_service.people.rules import Identity

_FIRST_NAMES = (
    "Alva", "Anna", "Arvid", "Bo", "Elin", "Erik", "Fatima", "Gunnar", "Hanna", "Ingrid", "Johan", "Karin", "Lars",
    "Leila", "Maja", "Mikael", "Nils", "Olof", "Petra", "Sara", "Sven", "Tove", "Ulla", "Yusuf",
)  # fmt: skip
_LAST_NAMES = ("Berg", "Dahl", "Ek", "Fors", "Gran", "Haddad", "Lind", "Mäki", "Norén", "Sjö", "Strand", "Öberg")

LOA3 = "http://id.elegnamnden.se/loa/1.0/loa3"
SINGLE_FACTOR = "http://id.elegnamnden.se/loa/1.0/loa1"


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Somebody whom the local identity provider offers to be."""

    subject: str
    claims: dict[str, Any]


def identity_number(born: date, serial: int) -> str:
    """A testing number: birth number 980 + ``serial`` modulo 20, with its Luhn digit."""
    digits = f"{born:%y%m%d}{980 + serial % 20}"
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    checksum = -sum(number // 10 + number % 10 for number in doubled) % 10
    return f"{born:%Y}{digits[2:]}{checksum}"


def made_up_patients(count: int, *, seed: int = 1177) -> list[Identity]:
    """The same patients every time."""
    chance = Random(seed)  # noqa: S311  # because these people need no secrets
    patients = []
    for serial in range(count):
        born = date(chance.randint(1935, 2004), chance.randint(1, 12), chance.randint(1, 28))
        first, last = chance.choice(_FIRST_NAMES), chance.choice(_LAST_NAMES)
        email = f"patient{serial}@example.se" if chance.random() < 0.8 else None
        patients.append(
            Identity(
                number=identity_number(born, serial),
                name=f"{first} {last}",
                email=email,
                # Numbers that are nobody's: kept by the Post and Telecom Authority for books and films.
                phone=None if email or serial % 2 else f"070-1740{605 + serial % 95}",
                locale="en" if chance.random() < 0.1 else "sv",
            )
        )
    return patients


def patient_user(subject: str, number: str) -> DemoUser:
    return DemoUser(subject, {PERSONAL_NUMBER_CLAIM: number, "acr": LOA3})


def staff_user(subject: str, *, staff_hsa_id: str, unit_hsa_id: str, acr: str = LOA3) -> DemoUser:
    return DemoUser(
        subject,
        {
            "employeeHsaId": staff_hsa_id,
            "healthCareUnitHsaId": unit_hsa_id,
            "commissionPurpose": CARE_PURPOSE,
            "acr": acr,
        },
    )


def translator_user(subject: str, hsa_id: str) -> DemoUser:
    return DemoUser(subject, {"employeeHsaId": hsa_id, "commissionPurpose": TRANSLATION_PURPOSE, "acr": LOA3})
