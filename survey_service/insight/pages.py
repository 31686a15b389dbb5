"""What the unit's page of its follow-up shows: the lines of the report, by protocol and in the reader's words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from instruments import Library
from survey_service.errors import mark
from survey_service.foundation.clock import local_day
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, gettext, number
from survey_service.http.results import label
from survey_service.insight.reporting import NOT_ASKED, SEVERAL, Line, Report, report
from survey_service.insight.rules import LEAST, Figure
from survey_service.insight.summaries import Kind, Mean, Percent
from survey_service.languages.queries import approved_wordings
from survey_service.scheduling.rules import CareProtocol, in_language

Context = dict[str, Any]
Texts = Mapping[str, str]

# What one question may span, and what can be chosen: three years.
MOST_MONTHS = 36
_USUAL_MONTHS = 12

_CELLS = {
    "better": mark("Better"),
    "same": mark("Unchanged"),
    "worse": mark("Worse"),
    "no_change": mark("No change"),
    "improve": mark("Improved"),
    "worsen": mark("Worsened"),
    "mixed": mark("Both better and worse"),
    "no_problems": mark("No problems either time"),
    NOT_ASKED: mark("Not asked why"),
    SEVERAL: mark("Reasons of few, together"),
    "void": mark("Answered, but the answers were void"),
    "died": mark("Has died"),
    "declined": mark("Does not want to"),
    "too_ill": mark("Is too ill"),
    "moved": mark("Has moved"),
    "language": mark("Not in a language that the patient reads"),
    "other": mark("Another reason"),
    "transferred": mark("Followed by another unit"),
    "ended": mark("The follow-up was ended"),
    "paused": mark("The follow-up was paused"),
    "excluded": mark("Was not to be included"),
    "wrong_patient": mark("Was the wrong patient"),
}


def period(first: str | None, last: str | None, today: date) -> tuple[date, date]:
    """The months that are asked for; the last twelve for what is none of those that can be chosen."""
    offered = months_offered(today)
    from_, to = (next((one for one in offered if f"{one:%Y-%m}" == text), None) for text in (first, last))
    if from_ is None or to is None or from_ > to:
        return offered[_USUAL_MONTHS - 1], offered[0]
    return from_, to


def months_offered(today: date) -> list[date]:
    """This month and those before it, the newest first."""
    count = today.year * 12 + today.month - 1
    return [date(one // 12, one % 12 + 1, 1) for one in range(count, count - MOST_MONTHS, -1)]


def follow_up(services: Services, *, first: str | None, last: str | None, as_: Staff) -> Context:
    """The page of the unit."""
    today = local_day(services.clock())
    from_, to = period(first, last, today)
    found = report(services, first=from_, last=to, as_=as_)
    with services.db.transaction(as_=as_) as connection:
        texts = _texts(connection, services.library, found.lines)
    codes = list(dict.fromkeys(line.protocol for line in found.lines))
    return {
        "first": from_,
        "last": to,
        "months": months_offered(today),
        "made_at": found.made_at,
        "scopes": [_scope(one) for one in found.scopes],
        "protocols": [_protocol(found, code, texts) for code in codes],
    }


def _protocol(found: Report, code: str, texts: Texts) -> Context:
    protocol = found.protocols.get(code)
    rows = {
        kind: [
            _row(line, protocol, texts, found.scopes)
            for line in found.lines
            if (line.protocol, line.kind) == (code, kind)
        ]
        for kind in Kind
    }
    return {
        "name": in_language(protocol.names, current_locale()) if protocol else code,
        "responses": rows[Kind.RESPONSE],
        "reasons": rows[Kind.REASON],
        "withdrawn": rows[Kind.WITHDRAWN],
        "minutes": rows[Kind.MINUTES],
        "scores": rows[Kind.SCORE],
        "changes": rows[Kind.CHANGE],
        "important": _classes(rows[Kind.IMPORTANT]),
        "reliable": _classes(rows[Kind.RELIABLE]),
        "paretian": _classes(rows[Kind.PARETIAN]),
    }


def _classes(rows: Sequence[Context]) -> list[Context]:
    """One row for each occasion and figure, with its classes beside each other."""
    found: dict[tuple[str, str], Context] = {}
    for row in rows:
        key = row["occasion"], row["subject"]
        found.setdefault(key, {"occasion": key[0], "subject": key[1], "of": row["of"], "cells": []})
        found[key]["cells"].append({name: row[name] for name in ("cell", "count", "share", "others")})
    return list(found.values())


def _row(line: Line, protocol: CareProtocol | None, texts: Texts, scopes: Iterable[str]) -> Context:
    titles = {plan.code: plan.titles for plan in protocol.occasions} if protocol else {}
    title = titles.get(line.occasion)
    named = _CELLS.get(line.cell)
    return {
        "occasion": in_language(title, current_locale()) if title else line.occasion,
        "subject": texts.get(line.subject, line.subject),
        "cell": gettext(named) if named else line.cell,
        "count": _figure(line.count),
        "of": _figure(line.of) if line.of else None,
        "share": _percent(line.share) if line.share else None,
        "mean": _mean(line.mean) if line.mean else None,
        "quartiles": line.quartiles,
        "others": [_other(line, scope) for scope in scopes],
    }


def _figure(figure: Figure) -> str:
    """Below five in words that need no sign, which not every reader reads out."""
    if figure.is_exact:
        return number(figure.low)
    if figure.high < LEAST:
        return gettext("fewer than 5")
    return gettext("%(low)s to %(high)s", low=number(figure.low), high=number(figure.high))


def _percent(share: Percent) -> str:
    if share.low == share.high:
        return gettext("%(share)s %%", share=number(share.low))
    return gettext("%(low)s to %(high)s %%", low=number(share.low), high=number(share.high))


def _mean(mean: Mean) -> str:
    """With its interval."""
    low, middle, high = (
        number(round(value, 1 if abs(mean.mean) >= 1 else 3))
        for value in (mean.mean - mean.half_width, mean.mean, mean.mean + mean.half_width)
    )
    return gettext("%(mean)s (%(low)s to %(high)s)", mean=middle, low=low, high=high)


def _other(line: Line, scope: str) -> str:
    other = line.others.get(scope)
    if other is None:
        return gettext("too few")
    if other.mean is not None and other.half_width is not None:
        return _mean(Mean(other.mean, other.half_width))
    return _percent(Percent(other.share or 0, other.share or 0))


def _scope(scope: str) -> str:
    return gettext("Other units of the care provider") if scope == "own_units" else gettext("Other care providers")


def _texts(connection: Connection, library: Library, found: Sequence[Line]) -> Texts:
    """What questionnaires and their figures are called, in the reader's language or the one there is."""
    subjects = {line.subject for line in found}
    texts: dict[str, str] = {}
    for instrument in library.instruments.values():
        variables = {one.name for one in instrument.variables} & subjects
        if not variables and instrument.id not in subjects:
            continue
        worded = approved_wordings(connection, instrument.id, instrument.version)
        worded.sort(key=lambda one: one.wording.locale == current_locale())
        own: Texts = worded[-1].wording.texts if worded else {}
        title = own.get("title", instrument.id)
        texts[instrument.id] = title
        texts |= {name: f"{title}: {label(name, own)}" for name in variables}
    return texts
