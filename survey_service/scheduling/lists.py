"""Reading a list of patients, or what a theatre or a visit planner sends at night. Pure.

One format for both: comma or semicolon, UTF-8, a heading first. ``docs/enrolment.md`` describes it for those who write
it. A row is read whole or refused with a sentence that quotes nothing of it.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from io import StringIO
from uuid import UUID, uuid5

from survey_service.errors import BadInput, mark
from survey_service.people.rules import (
    Identity,
    looks_like_identity_number,
    parse_email,
    parse_identity_number,
    parse_name,
    parse_phone,
)
from survey_service.scheduling.rules import BodySide, parse_procedure

LARGEST_FILE = 1024 * 1024
MOST_ROWS = 2000
_NEEDED = ("personal_number", "name", "anchor_date", "care_contact")
_OPTIONAL = ("email", "phone", "language", "procedure_id", "side", "event_id", "state")
COLUMNS = (*_NEEDED, *_OPTIONAL)
# The names that Swedish systems use for the same columns.
_ALSO_CALLED = {
    "personnummer": "personal_number",
    "namn": "name",
    "e-post": "email",
    "epost": "email",
    "telefon": "phone",
    "språk": "language",
    "datum": "anchor_date",
    "vårdkontakt": "care_contact",
    "åtgärd": "procedure_id",
    "sida": "side",
    "händelse": "event_id",
    "status": "state",
}
_SIDES = {"": None, "vänster": BodySide.LEFT, "höger": BodySide.RIGHT, "båda": BodySide.BOTH} | {
    side.value: side for side in BodySide
}
_DAYS = ("%Y-%m-%d", "%Y%m%d", "%d/%m/%Y")
# Requests of lists and of record systems, apart from those that forms make.
_NAMESPACE = UUID("8f0e7a9e-2f0c-4d7e-9a54-6f1f6f0f7b31")


class EventState(StrEnum):
    """What a list says of an event."""

    PLANNED = "planned"
    MOVED = "moved"
    CANCELLED = "cancelled"
    SIDE_CHANGED = "side_changed"


@dataclass(frozen=True, slots=True)
class ListedPatient:
    """A row that can be read. ``event_id`` is what the sender calls the event, "" where it does not say."""

    identity: Identity
    anchor_date: date
    care_contact: str
    procedure_id: str | None
    side: BodySide | None
    event_id: str
    state: EventState


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its number in the file: read, or the sentence that says why not."""

    number: int
    patient: ListedPatient | None
    why: str = field(default="")


def read_list(content: bytes) -> list[Line]:
    """Every row of the file. Raises ``BadInput`` for a file that cannot be read at all."""
    rows = _rows(_text(content))
    heading = next(rows, None)
    if heading is None:
        raise BadInput("The file is empty.")
    columns = [_ALSO_CALLED.get(name.strip().lower(), name.strip().lower()) for name in heading[1]]
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise BadInput("The file lacks the column %(column)s.", values={"column": missing[0]})
    if len(set(columns)) < len(columns):
        raise BadInput("The file has the same column twice.")
    lines = [_line(number, columns, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    if len(lines) > MOST_ROWS:
        raise BadInput("The file has more than %(most)s rows. Divide it.", values={"most": str(MOST_ROWS)})
    return _without_doubles(lines)


def request_of_row(provider_id: UUID, protocol: str, row: ListedPatient, person_digest: str) -> UUID:
    """The request that a row is, the same each time it comes: the event's, or the person's in the care contact.

    ``person_digest`` is keyed, so that the request tells nobody who it is.
    """
    key = ("event", row.event_id) if row.event_id else ("contact", person_digest, row.care_contact)
    return uuid5(_NAMESPACE, "\0".join((str(provider_id), protocol, *key)))


def request_of_key(provider_id: UUID, system_id: UUID, key: str) -> UUID:
    """The request that a record system's idempotency key stands for."""
    return uuid5(_NAMESPACE, "\0".join((str(provider_id), str(system_id), key)))


def _text(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise BadInput("The file is larger than one megabyte. Divide it.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("The file is not UTF-8. Save it as CSV UTF-8.") from None


def _rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error:
        raise BadInput("The file is not CSV: line %(line)s.", values={"line": str(reader.line_num)}) from None


def _line(number: int, columns: Sequence[str], cells: Sequence[str]) -> Line:
    if len(cells) > len(columns):
        return Line(number, None, mark("The row has more cells than the heading."))
    row = dict.fromkeys((*_NEEDED, *_OPTIONAL), "") | {
        name: cell.strip() for name, cell in zip(columns, cells, strict=False)
    }
    try:
        return Line(number, _patient(row))
    except BadInput as refused:
        return Line(number, None, next(iter(refused.fields.values()), refused.sentence))


def _patient(row: Mapping[str, str]) -> ListedPatient:
    contact, event_id = row["care_contact"], row["event_id"]
    for text, most in ((contact, 200), (event_id, 100)):
        if len(text) > most or not text.isprintable() or looks_like_identity_number(text):
            raise BadInput("The care contact or the event is too long, or a personal number.")
    if not contact:
        raise BadInput("The care contact is missing.")
    if row["side"].lower() not in _SIDES:
        raise BadInput("The side is none of left, right and both.")
    state = row["state"].lower().replace(" ", "_") or EventState.PLANNED
    if state not in set(EventState):
        raise BadInput("The state is none of planned, moved, cancelled and side_changed.")
    if state != EventState.PLANNED and not event_id:
        raise BadInput("What is moved or cancelled has to name its event_id.")
    return ListedPatient(
        identity=Identity(
            number=parse_identity_number(row["personal_number"]),
            name=parse_name(row["name"]),
            email=parse_email(row["email"]),
            phone=parse_phone(row["phone"]),
            locale=_language(row["language"]),
        ),
        anchor_date=_day(row["anchor_date"]),
        care_contact=contact,
        procedure_id=parse_procedure(row["procedure_id"]),
        side=_SIDES[row["side"].lower()],
        event_id=event_id,
        state=EventState(state),
    )


def _language(text: str) -> str:
    locale = text or "sv"
    if not (locale.isascii() and locale.replace("_", "").isalpha() and len(locale) <= 10):
        raise BadInput("Choose a language.")
    return locale


def _day(text: str) -> date:
    for form in _DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  # because it is a day and no moment
        except ValueError:
            continue
    raise BadInput("Write a date, for example 2026-12-24.")


def _without_doubles(lines: Sequence[Line]) -> list[Line]:
    """A row that repeats another of the file is refused: which of the two is meant, only the sender knows."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for line in lines:
        one = line.patient
        key = one and (("event", one.event_id) if one.event_id else (one.identity.number, one.care_contact))
        if key and key in seen:
            line = Line(line.number, None, mark("The same is on an earlier row of the file."))
        if key:
            seen.add(key)
        kept.append(line)
    return kept
