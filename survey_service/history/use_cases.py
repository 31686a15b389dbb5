"""Bringing home what a register held: first looked at, row by row, then taken into the provider's store.

A file is read twice: once to look, and, when nothing stands in the way, once to write, in parts that each commit.
Broken off, it is simply run again: what is there is there once.
"""

import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert

from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import SurveyServiceError
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.history.queries import digests
from survey_service.history.reading import FileRefused, file_digest, read_lines
from survey_service.history.records import history_imports, imported_answers, imported_responses, imported_scores
from survey_service.history.rules import EarlierResult, Line, Outcome, RowRefused, read_result
from survey_service.people.queries import NAME_IS_ERASED
from survey_service.people.rules import Identity
from survey_service.people.use_cases import ensure_people, enter_missing_care_relations

# Rows in one transaction: few enough for locks to be short, many enough for round trips not to count.
_AT_ONCE = 500
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:provider || :source, 0))")


class NothingWritten(SurveyServiceError):
    """Some rows cannot be taken, so none was."""

    status = 409
    code = "nothing-written"


@dataclass(frozen=True, slots=True)
class RowReport:
    """What becomes of one row, and why; ``differences`` between its scores and what its answers are worth."""

    line: int
    outcome: Outcome
    why: str = ""
    differences: Sequence[str] = ()


Told = Callable[[RowReport], None]
_Judged = tuple[RowReport, EarlierResult | None]


def check_history(services: Services, file: Path, *, source: str, told: Told, as_: Staff) -> Mapping[Outcome, int]:
    """Say of each row what would become of it. Writes nothing. Raises ``FileRefused``."""
    file_digest(file)
    counted: Counter[Outcome] = Counter()
    for judged in _judged(services, file, source=source, as_=as_):
        for report, _ in judged:
            counted[report.outcome] += 1
            told(report)
    return counted


def import_history(
    services: Services, file: Path, *, source: str, skip_bad: bool, told: Told, as_: Staff
) -> Mapping[Outcome, int]:
    """Take in every row that is new. Harmless when repeated.

    Raises ``FileRefused`` for the file, and ``NothingWritten`` when a row is refused or differs from what is there,
    unless ``skip_bad`` leaves those out. ``told`` hears of every row either way.
    """
    digest = file_digest(file)
    bad: list[RowReport] = []
    for judged in _judged(services, file, source=source, as_=as_):
        bad.extend(report for report, _ in judged if report.outcome in (Outcome.REFUSED, Outcome.DIFFERS))
        if bad and not skip_bad:
            break
    if bad and not skip_bad:
        check_history(services, file, source=source, told=told, as_=as_)
        raise NothingWritten("Nothing was written: some rows are refused or differ. Mend them, or leave them out.")
    return _write_all(services, file, digest, source=source, told=told, as_=as_)


def _write_all(
    services: Services, file: Path, digest: bytes, *, source: str, told: Told, as_: Staff
) -> Mapping[Outcome, int]:
    import_id = new_id()
    counted: Counter[Outcome] = Counter()
    is_begun = False
    for judged in _judged(services, file, source=source, as_=as_):
        ciphers: Mapping[str, tuple[UUID, PersonCipher]] = {}
        results = [found for report, found in judged if found is not None and report.outcome is Outcome.TAKEN]
        if results:
            ciphers = ensure_people(services, {one.number for one in results}, as_=as_)
            row = None if is_begun else _import_row(services, import_id, digest, source, as_=as_)
            _write(services, results, ciphers, import_id, row, source=source, as_=as_)
            is_begun = True
        for report, found in judged:
            erased = found is not None and report.outcome is Outcome.TAKEN and found.number not in ciphers
            said = RowReport(report.line, Outcome.REFUSED, "the person has been erased here") if erased else report
            counted[said.outcome] += 1
            told(said)
    if is_begun and file_digest(file) != digest:
        raise FileRefused("The file changed while it was read. What was written is kept; run it again.")
    return counted


def _judged(services: Services, file: Path, *, source: str, as_: Staff) -> Iterator[list[_Judged]]:
    """Every row with what becomes of it, some hundred at a time."""
    if not source.strip() or not source.isprintable():
        raise FileRefused("Say where the file comes from.")
    seen: set[bytes] = set()
    lines = read_lines(file)
    while part := list(islice(lines, _AT_ONCE)):
        read = [_read(services, line, seen) for line in part]
        keys = [found.source_key for _, found in read if found is not None]
        with services.db.transaction(as_=as_) as connection:
            there = digests(connection, as_.provider_id, source, keys)
        yield [_compared(services, report, found, there) for report, found in read]


def _read(services: Services, line: Line, seen: set[bytes]) -> _Judged:
    try:
        found = read_result(line, services.library, services.clock())
        _refuse_double(found, seen)
    except RowRefused as refused:
        return RowReport(line.number, Outcome.REFUSED, str(refused)), None
    return RowReport(line.number, Outcome.TAKEN, differences=found.differences), found


def _refuse_double(found: EarlierResult, seen: set[bytes]) -> None:
    """Eight bytes for each row are all that is remembered of it."""
    moment = (found.completed_at or found.completed_on).isoformat()
    occasion = (found.number, found.instrument.id, found.instrument.form, found.respondent.value, moment)
    for mark, why in (
        (("key", found.source_key), "source_key comes twice in the file"),
        (occasion, "the file has this person's answers to this instrument at this time twice"),
    ):
        digest = blake2b("\0".join(mark).encode(), digest_size=8).digest()
        if digest in seen:
            raise RowRefused(why)
        seen.add(digest)


def _compared(
    services: Services, report: RowReport, found: EarlierResult | None, there: Mapping[str, bytes]
) -> _Judged:
    if found is None or found.source_key not in there:
        return report, found
    if hmac.compare_digest(there[found.source_key], content_digest(services, found)):
        return RowReport(report.line, Outcome.ALREADY_THERE), None
    return RowReport(report.line, Outcome.DIFFERS, "another content was brought in under this source_key"), None


def content_digest(services: Services, found: EarlierResult) -> bytes:
    """Of what the row says, under the service's key: who guesses answers learns nothing from it."""
    content = [
        found.number,
        found.instrument.id,
        found.instrument.version,
        found.instrument.form,
        found.respondent.value,
        found.mode,
        found.locale,
        found.completed_on.isoformat(),
        found.completed_at.isoformat() if found.completed_at else None,
        found.method,
        sorted((one.item_id, str(one.value)) for one in found.answers),
        sorted((one.variable, one.value, one.text) for one in found.given),
    ]
    key = services.settings.identity_key
    return hmac.digest(key, b"imported_responses\0" + json.dumps(content, default=str).encode(), "sha256")


def _import_row(services: Services, import_id: UUID, digest: bytes, source: str, *, as_: Staff) -> dict[str, Any]:
    return {
        "id": import_id,
        "provider_id": as_.provider_id,
        "unit_id": as_.unit_id,
        "staff_id": as_.staff_id,
        "source": source,
        "file_digest": digest,
        "imported_at": services.clock(),
    }


def _write(
    services: Services,
    results: Sequence[EarlierResult],
    ciphers: Mapping[str, tuple[UUID, PersonCipher]],
    import_id: UUID,
    import_row: Mapping[str, Any] | None,
    *,
    source: str,
    as_: Staff,
) -> None:
    def work(connection: Connection) -> None:
        # One import of a source at a time, and another look: somebody may have run the same file beside this.
        connection.execute(_ONE_AT_A_TIME, {"provider": str(as_.provider_id), "source": source})
        there = digests(connection, as_.provider_id, source, [one.source_key for one in results])
        new = [one for one in results if one.source_key not in there and one.number in ciphers]
        if import_row is not None:
            connection.execute(insert(history_imports).values(**import_row))
        _enter_patients(connection, services, new, ciphers, as_=as_)
        _keep(connection, services, new, ciphers, import_id, source=source, as_=as_)

    services.db.run(work, as_=as_)


def _enter_patients(
    connection: Connection,
    services: Services,
    new: Sequence[EarlierResult],
    ciphers: Mapping[str, tuple[UUID, PersonCipher]],
    *,
    as_: Staff,
) -> None:
    identities = {
        ciphers[one.number]: Identity(
            number=one.number, name=one.name or NAME_IS_ERASED, email=None, phone=None, locale="sv"
        )
        for one in new
    }
    enter_missing_care_relations(connection, provider_id=as_.provider_id, identities=identities, at=services.clock())


def _keep(
    connection: Connection,
    services: Services,
    new: Iterable[EarlierResult],
    ciphers: Mapping[str, tuple[UUID, PersonCipher]],
    import_id: UUID,
    *,
    source: str,
    as_: Staff,
) -> None:
    responses: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    accesses = []
    for one in new:
        response_id = new_id()
        person_id, cipher = ciphers[one.number]
        owner = {"provider_id": as_.provider_id, "person_id": person_id}
        place = {"unit_id": as_.unit_id, "import_id": import_id, "source": source, "id": response_id}
        responses.append(_response_row(services, one) | place | owner)
        scores.extend(row | owner | {"response_id": response_id} for row in _score_rows(one))
        answers.extend(row | owner for row in _answer_rows(one, response_id, cipher))
        accesses.append(Access(Activity.WRITE, Purpose.CARE, "imported_response", response_id, person_id))
    for table, rows in ((imported_responses, responses), (imported_scores, scores), (imported_answers, answers)):
        if rows:
            connection.execute(insert(table), rows)
    record_access(connection, services.clock, accesses, by=as_)


def _response_row(services: Services, one: EarlierResult) -> dict[str, Any]:
    return {
        "source_key": one.source_key,
        "content_digest": content_digest(services, one),
        "instrument": one.instrument.id,
        "instrument_version": one.instrument.version,
        "instrument_hash": one.instrument.content_hash,
        "form": one.instrument.form,
        "respondent": one.respondent.value,
        "mode": one.mode,
        "locale": one.locale,
        "completed_on": one.completed_on,
        "completed_at": one.completed_at,
    }


def _score_rows(one: EarlierResult) -> Iterator[dict[str, Any]]:
    nothing = {"standard_error": None, "missing_reason": None, "method_hash": None, "algorithm": None}
    for score in one.computed:
        yield {
            "variable": score.variable,
            "origin": "computed",
            "value": score.value,
            "text": score.text,
            "standard_error": score.standard_error,
            "missing_reason": score.missing_reason,
            "method": score.method,
            "method_hash": score.method_hash,
            "algorithm": score.algorithm,
        }
    for given in one.given:
        known = {"variable": given.variable, "value": given.value, "text": given.text, "method": one.method}
        yield nothing | known | {"origin": "source"}


def _answer_rows(one: EarlierResult, response_id: UUID, cipher: PersonCipher) -> Iterator[dict[str, Any]]:
    for answer in one.answers:
        assert answer.value is not None  # an empty cell is no answer
        written = one.instrument.items[answer.item_id].question.write(answer.value)
        place = f"{response_id}/{answer.item_id}"
        sealed = cipher.seal(written, table="imported_answers", column="value", row=place)
        yield {"response_id": response_id, "item_id": answer.item_id, "value_sealed": sealed}
