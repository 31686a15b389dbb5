"""What the page of a provider's rights shows: who has which commission, since when, given by whom; and the form."""

import csv
from collections.abc import Mapping
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

from flask_babel import gettext

from survey_service.access.queries import Commission, Member, Unit, all_units, commissions_of, members, rights_of
from survey_service.access.rules import Right, Role
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.csv_cells import no_formula
from survey_service.http.locale import current_locale
from survey_service.scheduling.queries import published_protocols
from survey_service.scheduling.rules import in_language

Context = dict[str, Any]
Names = Mapping[UUID, str]

_MOST = 200
_MOST_IN_FILE = 20_000
_COLUMNS = (
    "staff", "hsa_id", "unit", "unit_hsa_id", "role", "protocols", "valid_from", "valid_until", "in_force",
    "granted_by", "ended_by",
)  # fmt: skip


def overview(services: Services, *, unit_id: UUID | None, as_: Staff) -> Context:
    """Commissions in force and to come, by name, and those that have ended. Raises ``AccessDenied``."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        rights = rights_of(connection, as_, now)
        rights.require(Right.SEE_RIGHTS)
        found = commissions_of(connection, unit_id=unit_id, limit=_MOST)
        people = members(connection)
        units = {one.id: one for one in all_units(connection).values() if one.provider_id == as_.provider_id}
        protocols = {
            one.id: in_language(one.protocol.names, current_locale()) for one in published_protocols(connection)
        }
    rows = [_describe(one, people, units, protocols, now) for one in found]
    for row in rows:
        row["may_end"] = rights.may(Right.SET_RIGHTS) and not row["is_over"] and row["staff_id"] != as_.staff_id
    rows.sort(key=lambda row: (row["name"].casefold(), row["hsa_id"]))
    return {
        "standing": [row for row in rows if not row["is_over"]],
        "ended": [row for row in rows if row["is_over"]],
        "units": sorted(((one.id, one.name) for one in units.values()), key=lambda pair: pair[1].casefold()),
        "chosen": unit_id,
        "protocols": sorted(protocols.items(), key=lambda pair: pair[1].casefold()),
        "roles": [(role.value, role_in_words(role)) for role in Role],
        "may_set": rights.may(Right.SET_RIGHTS),
        "most": _MOST if len(found) == _MOST else None,
    }


def as_csv(services: Services, *, as_: Staff) -> str:
    """Every commission, the newest first: who, what, where, since, until, by whom. Codes, so that it can be counted."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        rights_of(connection, as_, now).require(Right.SEE_RIGHTS)
        found = commissions_of(connection, limit=_MOST_IN_FILE)
        people, units = members(connection), all_units(connection)
        codes = {one.id: one.protocol.code for one in published_protocols(connection)}
    written = StringIO()
    rows = csv.writer(written)
    rows.writerow(_COLUMNS)
    for one in found:
        by = [people[who].name if who else "" for who in (one.granted_by, one.ended_by)]
        limits = " ".join(sorted(codes.get(each, str(each)) for each in one.protocols))
        member, unit = people[one.staff_id], units[one.unit_id]
        texts = [member.name, member.hsa_id, unit.name, unit.hsa_id, one.role.value, limits]
        until = one.valid_until.isoformat(timespec="seconds") if one.valid_until else ""
        is_in_force = one.valid_from <= now and not one.is_over(now)
        times = [one.valid_from.isoformat(timespec="seconds"), until, str(is_in_force).lower()]
        rows.writerow([*map(no_formula, texts), *times, *map(no_formula, by)])
    return written.getvalue()


def role_in_words(role: Role) -> str:
    """In the language of the page."""
    words = {
        Role.CLINICIAN: gettext("Clinician"),
        Role.UNIT_MANAGER: gettext("Manager of the unit"),
        Role.ADMINISTRATOR: gettext("Administrator"),
        Role.DATA_PROTECTION_OFFICER: gettext("Data protection officer"),
    }
    return str(words[role])


def _describe(
    one: Commission, people: Mapping[UUID, Member], units: Mapping[UUID, Unit], protocols: Names, now: datetime
) -> Context:
    member = people[one.staff_id]
    return {
        "id": one.id,
        "staff_id": one.staff_id,
        "name": member.name,
        "hsa_id": member.hsa_id,
        "unit": units[one.unit_id].name,
        "role": role_in_words(one.role),
        "protocols": sorted(protocols.get(each, "") for each in one.protocols),
        "valid_from": one.valid_from,
        # The last day, not the midnight after it.
        "valid_until": None if one.valid_until is None else one.valid_until - timedelta(microseconds=1),
        "is_over": one.is_over(now),
        "granted_by": people[one.granted_by].name if one.granted_by else None,
        "ended_by": people[one.ended_by].name if one.ended_by else None,
    }
