"""What the page of a provider's rights shows: who has which commission, since when, given by whom; and the form."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext

from survey_service.access.queries import Commission, Member, Unit, all_units, commissions_of, members, rights_of
from survey_service.access.rules import Right, Role
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale
from survey_service.scheduling.queries import published_protocols
from survey_service.scheduling.rules import in_language

Context = dict[str, Any]
Names = Mapping[UUID, str]

_MOST = 200


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
