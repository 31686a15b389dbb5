"""Setting the unit's flags: which rules are in force, and within how many hours what they flag is to be assessed.

Each change is another version with its reason. For the unit's manager only.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from instruments import Instrument, SingleChoice, UnknownInstrument
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.flagging import Criterion, FlagKind, GivenAnswer, Threshold, Worsening, can_worsen
from survey_service.delivery.record_systems import require_manager
from survey_service.delivery.records import unit_flag_rules
from survey_service.delivery.worklist_queries import RuleState, RuleVersion, rules_of
from survey_service.errors import AccessDenied, BadInput, mark
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services

LONGEST_REASON = 500
MOST_HOURS = 720
MOST_LATE_DAYS = 366
# Each is looked at for every response to its instrument.
_MOST_RULES = 50


@dataclass(frozen=True, slots=True)
class NewRule:
    """What the manager filled in. ``rule_id`` None is a new rule; ``request_id`` is made with the form."""

    instrument: str
    criterion: Criterion
    reason: str
    request_id: UUID
    rule_id: UUID | None = None


def set_rule(services: Services, new: NewRule, *, as_: Staff) -> None:
    """Add a rule, or another version of one. It is for what is answered from now on. The same form twice is one.

    Raises ``AccessDenied`` for who is no manager, ``BadInput`` by field for a rule that says nothing.
    """
    reason = _reason(new.reason)
    _check(_instrument(services, new.instrument), new.criterion)
    with services.db.transaction(as_=as_) as connection:
        require_manager(connection, services, as_)
        known = rules_of(connection, as_.unit_id)
        if len(known) >= _MOST_RULES and new.rule_id is None:
            raise BadInput("The unit has as many rules as it can have. End one first.")
        rule_id, version = new_id(), 1
        if new.rule_id is not None:
            rule_id, version = new.rule_id, 1 + _own(known, new.rule_id).number
        values = {"instrument": new.instrument, **_columns(new.criterion)}
        _write(
            connection,
            services,
            {"rule_id": rule_id, "version": version, "state": RuleState.ACTIVE, "reason": reason, **values},
            new.request_id,
            as_,
        )


def retire_rule(services: Services, rule_id: UUID, *, reason: str, request_id: UUID, as_: Staff) -> None:
    """End a rule. What it has flagged stays flagged. Raises as ``set_rule``."""
    reason = _reason(reason)
    with services.db.transaction(as_=as_) as connection:
        require_manager(connection, services, as_)
        before = _own(rules_of(connection, as_.unit_id), rule_id)
        if before.state is RuleState.RETIRED:
            return
        values = {"instrument": before.rule.instrument, **_columns(before.rule.criterion)}
        _write(
            connection,
            services,
            {
                "rule_id": rule_id,
                "version": before.number + 1,
                "state": RuleState.RETIRED,
                "reason": reason,
                **values,
            },
            request_id,
            as_,
        )


def set_flag_hours(services: Services, hours: int | None, *, as_: Staff) -> None:
    """Within how many hours what is flagged is to be assessed: for what is flagged from now on."""
    if hours is None or not 1 <= hours <= MOST_HOURS:
        sentence = mark("Write a whole number of hours from 1 to 720.")
        raise BadInput("Write a whole number of hours from 1 to 720.", fields={"hours": sentence})
    with services.db.transaction(as_=as_) as connection:
        require_manager(connection, services, as_)
        connection.execute(sa.text("SELECT set_flag_hours(:unit, :hours)"), {"unit": as_.unit_id, "hours": hours})
        _log(connection, services, as_.unit_id, as_)


def set_late_paper_days(services: Services, days: int | None, *, as_: Staff) -> None:
    """How many days after the window a form on paper may have been filled in, for the unit to take it."""
    if days is None or not 0 <= days <= MOST_LATE_DAYS:
        sentence = mark("Write a whole number of days from 0 to 366.")
        raise BadInput("Write a whole number of days from 0 to 366.", fields={"days": sentence})
    with services.db.transaction(as_=as_) as connection:
        require_manager(connection, services, as_)
        connection.execute(sa.text("SELECT set_late_paper_days(:unit, :days)"), {"unit": as_.unit_id, "days": days})
        _log(connection, services, as_.unit_id, as_)


def set_letters_carry_codes(services: Services, carry: bool, *, as_: Staff) -> None:
    """Whether letters of the unit carry a code. Without it, those that were sent open nothing any more."""
    with services.db.transaction(as_=as_) as connection:
        require_manager(connection, services, as_)
        setting = sa.text("SELECT set_letters_carry_codes(:unit, :carry)")
        connection.execute(setting, {"unit": as_.unit_id, "carry": carry})
        _log(connection, services, as_.unit_id, as_)


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise BadInput("Write in a few words why.", fields={"reason": mark("Write in a few words why.")})
    return reason


def _instrument(services: Services, name: str) -> Instrument:
    try:
        return services.library.latest(name)
    except UnknownInstrument:
        raise BadInput("Choose an instrument.", fields={"what": mark("Choose what the rule looks at.")}) from None


def _check(instrument: Instrument, criterion: Criterion) -> None:
    """Raise for a rule that no response to the instrument could ever meet."""
    variables = {variable.name: variable for variable in instrument.variables}
    match criterion:
        case GivenAnswer(item_id):
            item = instrument.items.get(item_id)
            says_something = item is not None and isinstance(item.question, SingleChoice)
        case Worsening(name):
            says_something = name in variables and can_worsen(variables[name])
        case Threshold(name):
            says_something = name in variables
    if not says_something:
        raise BadInput("Choose what the rule looks at.", fields={"what": mark("Choose what the rule looks at.")})


def _columns(criterion: Criterion) -> dict[str, Any]:
    match criterion:
        case Threshold(variable, bound, limit):
            return {"kind": FlagKind.THRESHOLD, "variable": variable, "bound": bound, "limit_value": limit}
        case GivenAnswer(item_id, bound, limit):
            return {"kind": FlagKind.ANSWER, "item_id": item_id, "bound": bound, "limit_value": limit}
        case Worsening(variable):
            return {"kind": FlagKind.WORSENING, "variable": variable}


def _own(known: list[RuleVersion], rule_id: UUID) -> RuleVersion:
    found = next((one for one in known if one.rule_id == rule_id), None)
    if found is None:
        raise AccessDenied
    return found


def _write(connection: Connection, services: Services, values: dict[str, Any], request_id: UUID, as_: Staff) -> None:
    is_new = insert_if_new(
        connection,
        upsert(unit_flag_rules)
        .values(
            id=new_id(),
            provider_id=as_.provider_id,
            unit_id=as_.unit_id,
            staff_id=as_.staff_id,
            request_id=request_id,
            at=services.clock(),
            **values,
        )
        .on_conflict_do_nothing(index_elements=["request_id"]),
    )
    if is_new:
        _log(connection, services, values["rule_id"], as_)


def _log(connection: Connection, services: Services, object_id: UUID, as_: Staff) -> None:
    access = Access(Activity.WRITE, Purpose.ADMINISTRATION, "flag_rule", object_id)
    record_access(connection, services.clock, [access], by=as_)
