"""Reading approved wording, and the approved texts of the interface."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import distinct_on

from instruments import Instrument, Respondent
from survey_service.errors import Unavailable
from survey_service.foundation.services import Services
from survey_service.languages.records import interface_versions, wording_decisions, wordings
from survey_service.languages.rules import may_be_shown
from survey_service.licensing.queries import licensed_locales, recorded_licences
from survey_service.licensing.rules import Refusal, Use, Why, explain
from translations.catalogue import InstrumentWording, WordingKind
from translations.interface import shipped_locales
from translations.subjects import InstrumentSubject


@dataclass(frozen=True, slots=True)
class ApprovedWording:
    """A wording version that somebody approved, the last time at ``at``."""

    id: UUID
    wording: InstrumentWording
    at: datetime


def wording(connection: Connection, wording_id: UUID) -> InstrumentWording:
    """The wording that a session showed, whatever has been approved since."""
    return _parse(connection.execute(sa.select(wordings).where(wordings.c.id == wording_id)).one())


def wordings_with_ids(connection: Connection, wording_ids: Collection[UUID]) -> Mapping[UUID, InstrumentWording]:
    """The wordings with these ids, in one query for a list."""
    rows = connection.execute(sa.select(wordings).where(wordings.c.id.in_(wording_ids))).all()
    return {row.id: _parse(row) for row in rows}


def titles(connection: Connection, wording_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The instruments' titles as these wordings have them, in one query for a list."""
    rows = connection.execute(
        sa.select(wordings.c.id, wordings.c.texts["title"].astext.label("title")).where(wordings.c.id.in_(wording_ids))
    ).all()
    return {row.id: row.title for row in rows}


def approved_wordings(
    connection: Connection, instrument: str, version: str, *, respondent: Respondent = Respondent.SELF
) -> list[ApprovedWording]:
    """Every wording of this instrument version for this respondent, of every kind, the one approved last at the end.

    What has been withdrawn is not among them, unless it has been approved anew since.
    """
    return _approved(
        connection,
        sa.and_(
            wordings.c.instrument == instrument,
            wordings.c.instrument_version == version,
            wordings.c.respondent == respondent,
        ),
    )


def texts_of(
    connection: Connection, versions: Collection[tuple[str, str]], locale: str
) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Texts of each instrument version in the language, or in one that there is, in one query for a list."""
    if not versions:
        return {}
    found = _approved(
        connection,
        sa.and_(
            sa.tuple_(wordings.c.instrument, wordings.c.instrument_version).in_(versions),
            wordings.c.respondent == Respondent.SELF,
        ),
    )
    found.sort(key=lambda one: one.wording.locale == locale)  # stable: the one approved last stays
    return {(one.wording.instrument, one.wording.version): one.wording.texts for one in found}


def titles_in_every_language(
    connection: Connection, versions: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], frozenset[str]]:
    """By instrument version, whatever it has been called in any wording, approved or not, in one query for a list."""
    found: dict[tuple[str, str], frozenset[str]] = dict.fromkeys(versions, frozenset())
    title = wordings.c.texts["title"].astext
    rows = connection.execute(
        sa.select(wordings.c.instrument, wordings.c.instrument_version, sa.func.array_agg(title.distinct()))
        .where(sa.tuple_(wordings.c.instrument, wordings.c.instrument_version).in_(versions), title.is_not(None))
        .group_by(wordings.c.instrument, wordings.c.instrument_version)
    ).all()
    return found | {(instrument, version): frozenset(titles_) for instrument, version, titles_ in rows}


def _approved(connection: Connection, condition: sa.ColumnElement[bool]) -> list[ApprovedWording]:
    last = (
        sa.select(wording_decisions)
        .where(wording_decisions.c.wording_id == wordings.c.id)
        .order_by(wording_decisions.c.number.desc())
        .limit(1)
        .lateral()
    )
    approved_at = sa.func.coalesce(last.c.decided_at, wordings.c.approved_at)
    rows = connection.execute(
        sa.select(wordings, approved_at.label("at"))
        .outerjoin(last, sa.true())
        .where(condition, last.c.decision.is_distinct_from("withdrawn"))
        .order_by(approved_at, sa.func.coalesce(last.c.number, 0), wordings.c.id)
    ).all()
    return [ApprovedWording(row.id, _parse(row), row.at) for row in rows]


def offered_wordings(
    connection: Connection,
    services: Services,
    instrument: Instrument,
    use: Use,
    *,
    respondent: Respondent = Respondent.SELF,
) -> dict[str, ApprovedWording]:
    """By locale, the wording that may be shown to a patient in this use [D1, E1].

    The one approved last; demonstration wording only where there is no other.
    """
    licensed = frozenset[str]()
    if instrument.licence.required:
        licensed = licensed_locales(connection, instrument.id, instrument.version, use)
    demonstration = services.settings.demonstration
    found = approved_wordings(connection, instrument.id, instrument.version, respondent=respondent)
    found.sort(key=lambda one: one.wording.kind is not WordingKind.DEMONSTRATION)  # stable: the last to come stays
    return {
        one.wording.locale: one
        for one in found
        if may_be_shown(instrument, one.wording, demonstration=demonstration, licensed=licensed)
    }


def offered_together(
    connection: Connection,
    services: Services,
    instruments: Iterable[Instrument],
    use: Use,
    *,
    respondent: Respondent = Respondent.SELF,
) -> dict[str, list[ApprovedWording]]:
    """The wording of each of the instruments, by the languages in which all may be shown: they are never mixed [E2]."""
    return _together([offered_wordings(connection, services, one, use, respondent=respondent) for one in instruments])


def _together(offered: Sequence[Mapping[str, ApprovedWording]]) -> dict[str, list[ApprovedWording]]:
    locales = frozenset.intersection(*map(frozenset, offered)) if offered else frozenset[str]()
    return {locale: [each[locale] for each in offered] for locale in locales}


def why_not_offered(
    connection: Connection, services: Services, asked: Sequence[tuple[str, str, str]], use: Use
) -> Refusal | None:
    """Why these instruments may not be asked together in this use; None when they may. For those who see licences.

    ``asked`` are their ids, versions and forms: one that is not installed is a reason too.
    """
    here = {each: services.library.installed(*each) for each in asked}
    gone = [id_ for (id_, *_), instrument in here.items() if instrument is None]
    if gone:
        return Refusal(Why.NOT_HERE, ", ".join(gone))
    instruments = [instrument for instrument in here.values() if instrument is not None]
    offered = [offered_wordings(connection, services, instrument, use) for instrument in instruments]
    if _together(offered):
        return None
    for instrument, wordings_of_it in zip(instruments, offered, strict=True):
        if not wordings_of_it:
            return _why_not(connection, instrument, use)
    return Refusal(Why.NO_COMMON_LANGUAGE, ", ".join(instrument.id for instrument in instruments))


def instrument_named(services: Services, named: InstrumentSubject) -> Instrument:
    """The instrument whose texts these are. Raises ``Unavailable`` when it has been removed: its texts remain."""
    found = services.library.installed(named.instrument, named.version)
    if found is None:
        raise Unavailable(Why.NOT_HERE.value, values={"instrument": named.instrument})
    return found


def _why_not(connection: Connection, instrument: Instrument, use: Use) -> Refusal:
    if not instrument.licence.required:
        return Refusal(Why.NO_WORDING, instrument.id)
    refusal = explain(recorded_licences(connection, instrument.id), instrument.id, instrument.version, use)
    return refusal or Refusal(Why.NO_LICENSED_WORDING, instrument.id)


def _parse(row: Row[tuple[object, ...]]) -> InstrumentWording:
    return InstrumentWording(
        instrument=row.instrument,
        version=row.instrument_version,
        locale=row.locale,
        kind=WordingKind(row.kind),
        respondent=Respondent(row.respondent),
        texts=row.texts,
        sources={},
        concepts={},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceVersion:
    """Approved texts of the interface in a language, by context; plural forms in the order of `plural_forms`."""

    id: UUID
    locale: str
    texts: Mapping[str, tuple[str, ...]]
    content_hash: str
    approved_at: datetime


def interface_revision(connection: Connection) -> int:
    """A number that grows with every version of the interface; 0 before the first."""
    query = sa.select(sa.func.coalesce(sa.func.max(interface_versions.c.number), 0))
    return int(connection.execute(query).scalar_one())


def has_interface(connection: Connection, locale: str) -> bool:
    """Whether somebody can be written to in the language: its texts ship, or have been approved."""
    approved = sa.select(interface_versions.c.id).where(interface_versions.c.locale == locale).limit(1)
    return locale in _shipped_locales() or connection.execute(approved).first() is not None


@cache
def _shipped_locales() -> frozenset[str]:
    return frozenset(shipped_locales())


def interface_in_force(connection: Connection) -> dict[str, InterfaceVersion]:
    """The newest version of each language that has one, by locale."""
    rows = connection.execute(
        sa.select(interface_versions)
        .ext(distinct_on(interface_versions.c.locale))
        .order_by(interface_versions.c.locale, interface_versions.c.number.desc())
    ).all()
    return {
        row.locale: InterfaceVersion(
            id=row.id,
            locale=row.locale,
            texts={context: tuple(forms) for context, forms in row.texts.items()},
            content_hash=row.content_hash,
            approved_at=row.approved_at,
        )
        for row in rows
    }
