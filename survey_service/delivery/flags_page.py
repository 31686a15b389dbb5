"""What the page of the unit's flags shows: the rules, and what a new one can look at."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from instruments import Instrument, SingleChoice, VariableType
from survey_service.access.queries import flag_hours, late_paper_days, letters_carry_codes, staff_names
from survey_service.delivery.flag_words import Texts, rule_in_words
from survey_service.delivery.flagging import can_worsen
from survey_service.delivery.record_systems import require_manager
from survey_service.delivery.worklist_queries import RuleState, RuleVersion, rules_of
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale
from survey_service.http.results import label
from survey_service.languages.queries import approved_wordings
from survey_service.scheduling.queries import published_protocols

Context = dict[str, Any]


def flag_rules(services: Services, *, values: Mapping[str, str], errors: Mapping[str, str], as_: Staff) -> Context:
    """Raises ``AccessDenied`` for who is no manager."""
    with services.db.transaction(as_=as_) as connection:
        require_manager(connection, services, as_)
        rules = rules_of(connection, as_.unit_id)
        offered = _asked_by_protocols(connection, services)
        known = {one.id: one for one in (*offered, *_of_rules(services, rules))}
        texts = {name: _texts(connection, instrument) for name, instrument in known.items()}
        names, hours = staff_names(connection), flag_hours(connection, as_.unit_id)
        late_days = late_paper_days(connection, as_.unit_id)
        carry_codes = letters_carry_codes(connection, as_.unit_id)
    return {
        "rules": [
            {
                "id": one.rule_id,
                "title": texts.get(one.rule.instrument, {}).get("title", one.rule.instrument),
                "words": rule_in_words(one.rule, known.get(one.rule.instrument), texts.get(one.rule.instrument, {})),
                "in_force": one.state is RuleState.ACTIVE,
                "version": one.number,
                "reason": one.reason,
                "by": names.get(one.staff_id),
                "at": one.at,
                "request_id": str(new_id()),
            }
            for one in rules
        ],
        "offered": [
            {"title": texts[one.id].get("title", one.id), "choices": _choices(one, texts[one.id])} for one in offered
        ],
        "hours": hours,
        "late_days": late_days,
        "letters_carry_codes": carry_codes,
        "request_id": str(new_id()),
        "values": values,
        "errors": errors,
    }


def _asked_by_protocols(connection: Connection, services: Services) -> list[Instrument]:
    """What the provider's protocols ask, the newest version of each."""
    asked = {
        planned.id
        for published in published_protocols(connection)
        for occasion in published.protocol.occasions
        for planned in occasion.instruments
    }
    return [services.library.latest(name) for name in sorted(asked & set(services.library.ids()))]


def _of_rules(services: Services, rules: Sequence[RuleVersion]) -> list[Instrument]:
    """What rules look at that no protocol asks any more."""
    named = {one.rule.instrument for one in rules}
    return [services.library.latest(name) for name in sorted(named & set(services.library.ids()))]


def _texts(connection: Connection, instrument: Instrument) -> Texts:
    """In the reader's language, or in one there is."""
    worded = approved_wordings(connection, instrument.id, instrument.version)
    worded.sort(key=lambda one: one.wording.locale == current_locale())
    return worded[-1].wording.texts if worded else {}


def _choices(instrument: Instrument, texts: Texts) -> list[Context]:
    """What a rule can look at, with the address that the form sends."""
    variables = [
        {"what": f"v:{instrument.id}:{one.name}", "label": label(one.name, texts), "can_worsen": can_worsen(one)}
        for one in instrument.variables
        if one.type is not VariableType.TEXT
    ]
    items = [
        {"what": f"i:{instrument.id}:{one.id}", "label": texts.get(f"item:{one.id}", one.id), "can_worsen": False}
        for one in instrument.items.values()
        if isinstance(one.question, SingleChoice)
    ]
    return [*variables, *items]
