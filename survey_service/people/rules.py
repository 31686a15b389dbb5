"""What an identity number, a name and a contact may look like. Pure."""

import re
from dataclasses import dataclass, field
from datetime import date

from personnummer import personnummer

from survey_service.errors import BadInput, mark

_EMAIL = re.compile(r"[^@\s<>\"',;:]{1,64}@[^@\s<>\"',;:.]+(\.[^@\s<>\"',;:.]+)+")
_PHONE = re.compile(r"\+?[0-9]{7,15}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a patient is to one provider. Never printed: ``repr`` shows nothing."""

    number: str = field(repr=False)
    name: str = field(repr=False)
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    locale: str


def parse_identity_number(text: str) -> str:
    """The twelve digits of a personnummer or samordningsnummer, Luhn-checked. Raises ``BadInput``."""
    try:
        if not text.isascii():
            raise ValueError  # other scripts' digits would pass, and make another person of the same one
        return str(personnummer.parse(text.strip()).format(True))
    except (personnummer.PersonnummerException, ValueError, TypeError):
        raise BadInput(
            "That is not a Swedish personal identity number.",
            fields={"personal_number": mark("Write the number with twelve digits, for example 19121212-1212.")},
        ) from None


def looks_like_identity_number(text: str) -> bool:
    """Whether the text, written in any of the usual ways, is somebody's identity number."""
    return bool(personnummer.valid(text.strip())) if text.isascii() else False


def age_on(number: str, day: date) -> int:
    """Age in whole years, by the identity number's own date of birth; somebody born on 29 February ages on 1 March."""
    born = born_on(number)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def born_on(number: str) -> date:
    born: date = personnummer.parse(number).get_date()
    return born


def birthday(number: str, age: int) -> date:
    """The first day of being so old, by the same rule as ``age_on``."""
    born = born_on(number)
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def parse_name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise BadInput("The name is missing or too long.", fields={"name": mark("Write the patient's name.")})
    return name


def parse_email(text: str) -> str | None:
    """An address, or None for an empty field."""
    email = text.strip()
    if not email:
        return None
    if len(email) > 254 or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise BadInput(
            "The e-mail address cannot be right.",
            fields={"email": mark("Write an address such as name@example.se.")},
        )
    return email


def parse_phone(text: str) -> str | None:
    """A number in digits, or None for an empty field."""
    phone = re.sub(r"[\s()-]", "", text)
    if not phone:
        return None
    if not _PHONE.fullmatch(phone):
        raise BadInput("The phone number cannot be right.", fields={"phone": mark("Write 7 to 15 digits.")})
    return phone
