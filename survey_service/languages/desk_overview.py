"""Every subject in every language at a glance: how far the work has come, and what patients are offered.

For the desk's first page and for `survey translations status`. Not for single texts (`desk_queries`).
"""

from collections import Counter
from dataclasses import dataclass
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
            by_state, stale = counts.get((subject.subject, locale), (Counter(), 0))
            version = versions.get(locale, _NO_VERSION)
            found.append(
                OverviewRow(
                    subject=subject.subject,
                    kind=subject.kind,
                    locale=locale,
                    total=subject.texts,
                    by_state=by_state,
                    untranslated=subject.texts - by_state.total(),
                    stale=stale,
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


def _counts(connection: Connection) -> dict[tuple[str, str], tuple[Counter[State], int]]:
    """By subject and locale, how many texts are in which state, and how many are stale."""
    latest, newest, made_from = SOURCES.subquery(), NEWEST.subquery(), source_texts.alias()
    is_stale = made_from.c.content_hash != latest.c.content_hash
    state = state_of(newest.c.id).label("state")
    texts = (
        sa.select(newest.c.subject, newest.c.locale, state, is_stale.label("stale"))
        .join(made_from, made_from.c.id == newest.c.source_id)
        .join(latest, sa.and_(latest.c.subject == newest.c.subject, latest.c.context == newest.c.context))
        .where(~latest.c.retired)
        .subquery()
    )
    keys = (texts.c.subject, texts.c.locale, texts.c.state, texts.c.stale)
    found: dict[tuple[str, str], tuple[Counter[State], int]] = {}
    for row in connection.execute(sa.select(*keys, sa.func.count().label("texts")).group_by(*keys)).all():
        by_state, stale = found.get((row.subject, row.locale), (Counter(), 0))
        by_state[State(row.state)] += row.texts
        found[row.subject, row.locale] = by_state, stale + (row.texts if row.stale else 0)
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
