"""A patient's own choices of how to be written to: by every provider, and nobody else's to read."""

from collections.abc import Callable, Mapping, Sequence
from datetime import time
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from notifications.timing import Hours
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import BadInput, mark
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.notifying.addressing import Choices, mobile_number
from survey_service.notifying.records import contact_choices
from survey_service.people.rules import parse_email, parse_phone

T = TypeVar("T")

_HOURS = mark("Choose both from when and until when, the earlier one first.")


def parse_choices(
    form: Mapping[str, str], *, ways: Sequence[str], noted: frozenset[str], locales: frozenset[str], most: int
) -> Choices:
    """What the patient's form says. ``ways`` are the channels on offer; ``noted``, those that care has an address for.

    Raises ``BadInput`` with every field that has to be put right.
    """
    errors: dict[str, str] = {}
    email = _read(errors, lambda: parse_email(form.get("email", "")))
    phone = _read(errors, lambda: _parse_mobile(form.get("phone", "")))
    channels = _parse_ways(form, ways)
    if not channels and form.get("none") != "1":
        errors["none"] = mark("Choose at least one way, or that you want no messages.")
    for name, given in (("email", email), ("sms", phone)):
        field = "phone" if name == "sms" else name
        if name in channels and given is None and name not in noted and field not in errors:
            errors[field] = mark("Write where it should go, or choose another way.")
    hours = _read(errors, lambda: _parse_hours(form.get("since", ""), form.get("until", "")))
    if errors:
        raise BadInput("Something has to be put right before this can be saved.", fields=errors)
    written = form.get("most", "")
    return Choices(
        email=email,
        phone=phone,
        channels=channels,
        hours=hours,
        every_day=form.get("every_day") == "1",
        locale=form["language"] if form.get("language") in locales else None,
        most_invitations=int(written) if written in {str(one) for one in range(1, most + 1)} else None,
    )


def choose(services: Services, choices: Choices, *, as_: Patient) -> None:
    """From now on the patient is written to like this. What is on its way is looked at again."""
    cipher = services.keys.cipher(as_.person_id)
    row = {
        "email_sealed": _sealed(cipher, as_.person_id, "email", choices.email),
        "phone_sealed": _sealed(cipher, as_.person_id, "phone", choices.phone),
        "channels": list(choices.channels),
        "hours_since": choices.hours and choices.hours.since,
        "hours_until": choices.hours and choices.hours.until,
        "every_day": choices.every_day,
        "most_invitations": choices.most_invitations,
        "locale": choices.locale,
        "chosen_at": services.clock(),
    }
    with services.db.transaction(as_=as_) as connection:
        connection.execute(
            upsert(contact_choices)
            .values({"person_id": as_.person_id, **row})
            .on_conflict_do_update(index_elements=["person_id"], set_=row)
        )
        access = Access(Activity.WRITE, Purpose.OWN_ACCESS, "contact_choices", as_.person_id, as_.person_id)
        record_access(connection, services.clock, [access], by=as_)


def my_choices(connection: Connection, cipher: PersonCipher, *, as_: Patient) -> Choices | None:
    """What the patient has chosen, in clear; None for who has not."""
    row = connection.execute(sa.select(contact_choices).where(contact_choices.c.person_id == as_.person_id)).first()
    if row is None:
        return None
    return Choices(
        email=_opened(cipher, as_.person_id, "email", row.email_sealed),
        phone=_opened(cipher, as_.person_id, "phone", row.phone_sealed),
        channels=tuple(row.channels),
        hours=None if row.hours_since is None else Hours(row.hours_since, row.hours_until),
        every_day=row.every_day,
        locale=row.locale,
        most_invitations=row.most_invitations,
    )


def _read(errors: dict[str, str], read: Callable[[], T]) -> T | None:
    """The value, or None with its error noted: the patient is told of all of them at once."""
    try:
        return read()
    except BadInput as refused:
        errors |= refused.fields
        return None


def _parse_mobile(text: str) -> str | None:
    phone = parse_phone(text)
    if phone is not None and mobile_number(phone) is None:
        raise BadInput("The phone number cannot be right.", fields={"phone": mark("Write the number of a mobile.")})
    return phone


def _parse_ways(form: Mapping[str, str], ways: Sequence[str]) -> tuple[str, ...]:
    """In the order that was chosen; two in the same place in the order of the form."""
    if form.get("none") == "1":
        return ()
    places = {way: form.get(f"way-{way}", "") for way in ways}
    wanted = [way for way in ways if places[way].isascii() and places[way].isdecimal()]
    return tuple(sorted(wanted, key=lambda way: int(places[way])))


def _parse_hours(since: str, until: str) -> Hours | None:
    if not since and not until:
        return None
    try:
        return Hours(time.fromisoformat(since), time.fromisoformat(until))
    except ValueError:
        raise BadInput("The hours cannot be right.", fields={"since": _HOURS}) from None


def _sealed(cipher: PersonCipher, person_id: UUID, column: str, value: str | None) -> bytes | None:
    return None if value is None else cipher.seal(value, table="contact_choices", column=column, row=str(person_id))


def _opened(cipher: PersonCipher, person_id: UUID, column: str, sealed: bytes | None) -> str | None:
    return None if sealed is None else cipher.open(sealed, table="contact_choices", column=column, row=str(person_id))
