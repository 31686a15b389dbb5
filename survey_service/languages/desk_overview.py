"""Every subject in every language at a glance: how far the work has come, and what patients are offered.

For the desk's first page and for `survey translations status`. Not for single texts (`desk_queries`).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.foundation.services import Services
from survey_service.languages.desk_queries import NEWEST, SOURCES, state_of, subjects
from survey_service.languages.desk_values import OverviewRow
from survey_service.languages.queries import approved_wordings, interface_in_force
from survey_service.languages.records import source_texts
from survey_service.languages.rules import State, may_be_shown
from translations.interface import shipped_locales
from translations.subjects import instrument_of


def desk_overview(connection: Connection, services: Services) -> list[OverviewRow]:
    """Every subject in every language that it has a translation or an approved version in, by subject and locale."""
    counts = _counts(connection)
    found = []
    for subject in subjects(connection):
        versions = _versions_in_force(connection, services, subject.subject)
        for locale in sorted({key[1] for key in counts if key[0] == subject.subject} | set(versions)):
            counted = counts.get((subject.subject, locale), _Counted())
            # What a wording may leave out counts when it is there: a form without its direction is complete.
            total = subject.needed + counted.optional
            version = versions.get(locale, _NO_VERSION)
            found.append(
                OverviewRow(
                    subject=subject.subject,
                    kind=subject.kind,
                    locale=locale,
                    total=total,
                    by_state=counted.by_state,
                    untranslated=total - counted.by_state.total(),
                    stale=counted.stale,
                    version_id=version.id,
                    approved_at=version.at,
                    offered=version.offered,
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class _Version:
    id: UUID | None = None
    at: datetime | None = None
    offered: bool = False


_NO_VERSION = _Version()


@dataclass(slots=True)
class _Counted:
    """Of the texts that have a translation: how many in which state, stale, and not needed."""

    by_state: Counter[State] = field(default_factory=Counter)
    stale: int = 0
    optional: int = 0


def _counts(connection: Connection) -> dict[tuple[str, str], _Counted]:
    """By subject and locale."""
    latest, newest, made_from = SOURCES.subquery(), NEWEST.subquery(), source_texts.alias()
    is_stale = made_from.c.content_hash != latest.c.content_hash
    state = state_of(newest.c.id).label("state")
    texts = (
        sa.select(newest.c.subject, newest.c.locale, state, is_stale.label("stale"), latest.c.needed)
        .join(made_from, made_from.c.id == newest.c.source_id)
        .join(latest, sa.and_(latest.c.subject == newest.c.subject, latest.c.context == newest.c.context))
        .where(~latest.c.retired)
        .subquery()
    )
    keys = (texts.c.subject, texts.c.locale, texts.c.state, texts.c.stale, texts.c.needed)
    found: dict[tuple[str, str], _Counted] = {}
    for row in connection.execute(sa.select(*keys, sa.func.count().label("texts")).group_by(*keys)).all():
        counted = found.setdefault((row.subject, row.locale), _Counted())
        counted.by_state[State(row.state)] += row.texts
        counted.stale += row.texts if row.stale else 0
        counted.optional += 0 if row.needed else row.texts
    return found


def _versions_in_force(connection: Connection, services: Services, subject: str) -> dict[str, _Version]:
    """By locale; the rights-holder's wording is complete, and where it may be shown is for its licence to say."""
    named = instrument_of(subject)
    if named is None:
        versions = interface_in_force(connection)
        return {locale: _Version(offered=True) for locale in shipped_locales()} | {
            locale: _Version(one.id, one.approved_at, offered=True) for locale, one in versions.items()
        }
    instrument = services.library.installed(named.instrument, named.version)
    if instrument is None:
        return {}
    demonstration = services.settings.demonstration
    found: dict[str, _Version] = {}
    for one in approved_wordings(connection, named.instrument, named.version, respondent=named.respondent):
        wording = one.wording
        licensed = frozenset({wording.locale})
        offered = may_be_shown(instrument, wording, demonstration=demonstration, licensed=licensed)
        if offered or wording.locale not in found:
            found[wording.locale] = _Version(one.id, one.at, offered)
    return found
