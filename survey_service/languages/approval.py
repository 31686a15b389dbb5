"""From approved texts to a version that patients may be shown: what is there, what is missing, how well it measures.

A version is immutable. What was shown in a session stays that session's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from instruments import Instrument
from instruments.precision import Precision, expected_precision
from survey_service.errors import AccessDenied, BadInput, Conflict
from survey_service.foundation.db import new_id, refused_by
from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from survey_service.languages.desk_queries import SegmentRow, all_segments, subject_kind
from survey_service.languages.queries import approved_wordings, instrument_named, interface_in_force
from translations.catalogue import InstrumentWording, WordingKind
from translations.completeness import eligible_items
from translations.subjects import INTERFACE, SubjectKind, instrument_of, version_hash

__all__ = ["ApprovedVersion", "Completeness", "Precision", "approve_wording", "approved_texts", "completeness"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """What approving a subject in a language now would come to.

    ``content_hash`` names the texts: what was looked at is what is approved; empty where there is none. ``missing``
    (needed and not approved) and ``stale`` (approved, of a source that has changed) are contexts in the form's order.
    ``is_enough``: it may be approved, but for what is stale. ``eligible`` and ``minimum`` are items of an adaptive
    bank, which may be approved with some missing; ``precision`` what that costs. ``is_new``: it is not what is in force
    already.
    """

    subject: str
    kind: SubjectKind
    locale: str
    content_hash: str
    approved: int
    total: int
    missing: tuple[str, ...]
    stale: tuple[str, ...]
    eligible: int | None
    minimum: int | None
    precision: Precision | None
    is_enough: bool
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedVersion:
    """What was made. ``left_out`` are the needed contexts without approved text, of a bank."""

    id: UUID
    subject: str
    locale: str
    content_hash: str
    left_out: tuple[str, ...]


def approved_texts(
    connection: Connection, *, subject: str, locale: str
) -> tuple[Mapping[str, tuple[str, ...]], frozenset[str]]:
    """Approved texts that are true to their source, by context; and the contexts of those that are stale."""
    query = sa.text("SELECT context, forms, stale FROM approved_texts(:subject, :locale)")
    rows = connection.execute(query, {"subject": subject, "locale": locale}).all()
    return (
        {row.context: tuple(row.forms) for row in rows if not row.stale},
        frozenset(row.context for row in rows if row.stale),
    )


def completeness(connection: Connection, services: Services, *, subject: str, locale: str) -> Completeness:
    """Whether a version can be approved, and what it would be. Raises ``AccessDenied`` for no such subject."""
    kind = subject_kind(connection, subject)
    texts, stale = approved_texts(connection, subject=subject, locale=locale)
    rows = all_segments(connection, subject, locale)
    found = _Found(subject, kind, locale, texts, stale, rows)
    if subject == INTERFACE:
        return _of_interface(connection, found)
    return _of_instrument(connection, services, found)


def approve_wording(
    services: Services,
    *,
    subject: str,
    locale: str,
    as_: Translator,
    seen: str | None = None,
    without_stale: bool = False,
) -> ApprovedVersion:
    """Make the version that is given from now on. ``seen`` is the hash of what was looked at.

    Raises ``BadInput`` when it is not complete enough, or texts are stale and nobody said that they are to be left out
    (``without_stale``; a form given whole is never without), ``Conflict`` when the approved texts are others than those
    seen, ``AccessDenied`` for whoever may not approve.
    """
    with services.db.transaction(as_=as_) as connection:
        found = completeness(connection, services, subject=subject, locale=locale)
    if found.stale and not without_stale:
        raise BadInput("Some approved texts are of a source that has changed: translate and approve them anew.")
    if not found.is_enough:
        raise BadInput("Parts of it are not approved yet.")
    try:
        with services.db.transaction(as_=as_) as connection:
            made: UUID = connection.execute(
                sa.text("SELECT approve_wording(:id, :subject, :locale, :seen, :at)"),
                {
                    "id": new_id(),
                    "subject": subject,
                    "locale": locale,
                    "seen": found.content_hash if seen is None else seen,
                    "at": services.clock(),
                },
            ).scalar_one()
    except sa.exc.IntegrityError as error:
        raise _explain(error) from None
    return ApprovedVersion(
        id=made, subject=subject, locale=locale, content_hash=found.content_hash, left_out=found.missing
    )


def _explain(error: sa.exc.IntegrityError) -> Exception:
    match refused_by(error):
        case "texts_are_as_seen":
            return Conflict("Texts have been approved or withdrawn since you looked. Look once more.")
        case "approver_is_allowed":
            return AccessDenied()
    return error


@dataclass(frozen=True, slots=True)
class _Found:
    subject: str
    kind: SubjectKind
    locale: str
    texts: Mapping[str, tuple[str, ...]]
    stale: frozenset[str]
    rows: list[SegmentRow]
    missing: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        missing = (row.context for row in self.rows if row.needed and row.context not in self.texts)
        object.__setattr__(self, "missing", tuple(missing))

    def completeness(
        self,
        *,
        content_hash: str,
        is_enough: bool,
        is_new: bool,
        eligible: int | None = None,
        minimum: int | None = None,
        precision: Precision | None = None,
    ) -> Completeness:
        return Completeness(
            subject=self.subject,
            kind=self.kind,
            locale=self.locale,
            content_hash=content_hash if self.texts else "",
            approved=len(self.texts),
            total=len(self.rows),
            missing=self.missing,
            stale=tuple(row.context for row in self.rows if row.context in self.stale),
            eligible=eligible,
            minimum=minimum,
            precision=precision,
            is_enough=is_enough and bool(self.texts),
            is_new=is_new,
        )


def _of_interface(connection: Connection, found: _Found) -> Completeness:
    in_force = interface_in_force(connection).get(found.locale)
    hashed = version_hash((INTERFACE, found.locale), {context: list(forms) for context, forms in found.texts.items()})
    return found.completeness(
        content_hash=hashed,
        is_enough=not found.missing,
        is_new=in_force is None or in_force.content_hash != hashed,
    )


def _of_instrument(connection: Connection, services: Services, found: _Found) -> Completeness:
    named = instrument_of(found.subject)
    if named is None:
        raise AccessDenied
    instrument = instrument_named(services, named)
    wording = InstrumentWording(
        instrument=named.instrument,
        version=named.version,
        locale=found.locale,
        kind=WordingKind(found.kind.value),
        respondent=named.respondent,
        texts=MappingProxyType({context: forms[0] for context, forms in found.texts.items()}),
        sources={},
        concepts={},
    )
    eligible = eligible_items(instrument, wording)
    in_force = [
        one
        for one in approved_wordings(connection, named.instrument, named.version, respondent=named.respondent)
        if one.wording.locale == found.locale and one.wording.kind is not WordingKind.LICENSED
    ]
    return found.completeness(
        content_hash=wording.content_hash,
        is_enough=len(eligible) >= instrument.minimum_eligible and (instrument.adaptive or not found.missing),
        is_new=not in_force or in_force[-1].wording.content_hash != wording.content_hash,
        eligible=len(eligible) if instrument.adaptive else None,
        minimum=instrument.minimum_eligible if instrument.adaptive else None,
        precision=_precision(instrument, eligible),
    )


def _precision(instrument: Instrument, eligible: frozenset[str]) -> Precision | None:
    if not instrument.adaptive or not eligible:
        return None
    return expected_precision(instrument.adaptive_test(), eligible)
