"""What the provider's pages on registers' use show: every pull, and the coverage of its own units."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext

from survey_service.audit.rules import Purpose
from survey_service.foundation.clock import local_day
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.registers.coverage import OwnCounts, month_before, month_of, next_month, own_coverage
from survey_service.registers.queries import register_names
from survey_service.registers.records import register_pulls
from survey_service.registers.rules import ACCEPTED_PURPOSE

Context = dict[str, Any]

_MOST_PULLS = 200
_ANSWERED = ("unreceived", "held", "other", "released")


def pulls(services: Services, *, as_: Staff) -> Context:
    """What registers have pulled from the provider, newest first [B10]."""
    with services.db.transaction(as_=as_) as connection:
        names = register_names(connection)
        rows = connection.execute(
            sa.select(register_pulls).order_by(register_pulls.c.at.desc(), register_pulls.c.id).limit(_MOST_PULLS)
        ).all()
    return {
        "pulls": [
            {"at": row.at, "register": names[row.register_id], "purpose": _purpose(row.purpose), "results": row.results}
            for row in rows
        ],
        "most": _MOST_PULLS,
    }


def coverage(services: Services, asked: str, *, as_: Staff) -> Context:
    """The provider's own units, by register, in a month: as asked ("2026-10"), or this one [B11].

    Raises ``BadInput`` for what is no month.
    """
    this_month = local_day(services.clock()).replace(day=1)
    month = min(month_of(asked), this_month) if asked else this_month
    found = own_coverage(services, month=month, as_=as_)
    return {
        "month": month,
        "earlier": f"{month_before(month):%Y-%m}",
        "later": f"{next_month(month):%Y-%m}" if month < this_month else None,
        "registers": [{"name": name, "rows": [_row(one) for one in rows]} for name, rows in found.items()],
    }


def _row(one: OwnCounts) -> Context:
    counts = {state: one.counts.get(state, 0) for state in ("waiting", "unanswered", "implausible", *_ANSWERED)}
    answered = sum(counts[state] for state in _ANSWERED)
    invited = answered + counts["waiting"] + counts["unanswered"]
    return counts | {"month": one.month, "unit": one.unit, "answered": answered, "invited": invited}


def _purpose(logged: str) -> str:
    if logged == f"{Purpose.REGISTER.value} {ACCEPTED_PURPOSE}":
        return str(gettext("Quality register (Patient Data Act, chapter 7, section 4)"))
    return logged
