"""What a definition has to keep to before it is published, by itself and after the version before it. Pure.

Stricter than ``rules.parse_protocol``, which also reads what was published long ago.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from survey_service.errors import BadInput, mark
from survey_service.scheduling.rules import CODE, AnchorKind, CareProtocol, OccasionPlan, parse_protocol

_KNOWN = frozenset(
    {
        "code", "names", "reasons", "anchor_kind", "side", "procedure", "purpose", "receipt", "registers", "notices",
        "inclusion",
        "exclusion", "occasions",
    }
)  # fmt: skip
_KNOWN_OF_OCCASION = frozenset(
    {
        "code", "titles", "due_day", "opens_days_before", "closes_days_after", "instruments", "series", "reminders",
        "not_on_holidays",
    }
)  # fmt: skip
_LOCALE = re.compile(r"[a-z]{2,3}(_[A-Za-z]+)?")
_LONGEST_TEXT = 500
# Ten years of follow-up and a margin, on both sides of the event.
_FURTHEST_DAY = 7500
# A bound for previews and for a patient's inbox: daily for two years and a little more.
MOST_OCCASIONS = 800
# A week; less, and what a holiday puts off would meet what comes after it.
_FEWEST_DAYS_APART = 7


def check_definition(definition: Mapping[str, Any]) -> CareProtocol:
    """Read a definition that is to be published. Raises ``BadInput`` with one sentence that names the field."""
    if not isinstance(definition, Mapping):
        raise BadInput("The protocol must be a table.")
    _refuse_unknown(definition)
    _check_shape(definition)
    protocol = parse_protocol(definition)
    if not CODE.fullmatch(protocol.code):
        raise BadInput("The protocol's code must be small letters, digits and dashes, at most 40.")
    if protocol.anchor_kind not in list(AnchorKind):
        raise BadInput(f"The protocol's anchor_kind is none of {', '.join(AnchorKind)}.")
    if sum(one.times for one in protocol.occasions) > MOST_OCCASIONS:
        raise BadInput(f"The protocol asks more than {MOST_OCCASIONS} times.")
    for occasion in protocol.occasions:
        _check_occasion(occasion)
    return protocol


def _refuse_unknown(definition: Mapping[str, Any]) -> None:
    if unknown := sorted(set(definition) - _KNOWN):
        raise BadInput(f"The protocol has no field {unknown[0]}.")
    occasions = definition.get("occasions", [])
    if not isinstance(occasions, list) or not all(isinstance(one, Mapping) for one in occasions):
        raise BadInput("The protocol's occasions must be tables.")
    for one in occasions:
        if unknown := sorted(set(one) - _KNOWN_OF_OCCASION):
            raise BadInput(f"The occasion {one.get('code')} has no field {unknown[0]}.")


def _check_shape(definition: Mapping[str, Any]) -> None:
    _check_texts("names", definition.get("names"))
    _check_texts("reasons", definition.get("reasons"))
    if not isinstance(definition.get("code"), str):
        raise BadInput("The protocol lacks the field 'code'.")
    registers = definition.get("registers", [])
    if not isinstance(registers, list) or not all(isinstance(one, str) and 0 < len(one) <= 80 for one in registers):
        raise BadInput("The protocol's registers must be a list of names.")
    for one in definition.get("occasions", []):
        code = one.get("code")
        if not isinstance(code, str):
            raise BadInput("An occasion lacks its code.")
        _check_texts(f"titles of the occasion {code}", one.get("titles"))
        for name in ("due_day", "opens_days_before", "closes_days_after"):
            if type(one.get(name)) is not int or abs(one[name]) > _FURTHEST_DAY:
                raise BadInput(f"The {name} of the occasion {code} must be whole days, at most {_FURTHEST_DAY}.")
        if type(one.get("not_on_holidays", False)) is not bool:
            raise BadInput(f"The not_on_holidays of the occasion {code} must be true or false.")
        _check_instruments(code, one.get("instruments"))
        _check_repeats(code, one)


def _check_texts(name: str, texts: Any) -> None:
    if not isinstance(texts, Mapping) or not texts.get("sv"):
        raise BadInput(f"The protocol's {name} must have a text in Swedish (sv).")
    for locale, text in texts.items():
        if not _LOCALE.fullmatch(str(locale)) or not isinstance(text, str) or len(text) > _LONGEST_TEXT:
            raise BadInput(f"The protocol's {name} must be texts of at most {_LONGEST_TEXT} characters by language.")


def _check_instruments(code: str, instruments: Any) -> None:
    if not isinstance(instruments, list) or not all(
        isinstance(one, Mapping)
        and isinstance(one.get("id"), str)
        and isinstance(one.get("version"), str)
        and isinstance(one.get("form", ""), str)
        for one in instruments
    ):
        raise BadInput(f"The instruments of the occasion {code} each need an id and a version.")
    twice = [id_ for id_, times in Counter(one["id"] for one in instruments).items() if times > 1]
    if twice:
        raise BadInput(f"The occasion {code} asks {twice[0]} twice.")


def _check_repeats(code: str, one: Mapping[str, Any]) -> None:
    if not isinstance(one.get("reminders", []), list):
        raise BadInput(f"The reminders of the occasion {code} must be a list of days.")
    series = one.get("series")
    if series is not None and not (isinstance(series, Mapping) and set(series) == {"every_days", "times"}):
        raise BadInput(f"The series of the occasion {code} must have every_days and times.")


def _check_occasion(occasion: OccasionPlan) -> None:
    if occasion.not_on_holidays and occasion.is_series and occasion.every_days < _FEWEST_DAYS_APART:
        raise BadInput(
            f"The series {occasion.code} comes so often that occasions put off by a holiday would meet: "
            f"leave out not_on_holidays, or let {_FEWEST_DAYS_APART} days pass between."
        )
    last = occasion.due_day + occasion.every_days * (occasion.times - 1)
    if last > _FURTHEST_DAY:
        raise BadInput(f"The occasion {occasion.code} ends more than {_FURTHEST_DAY} days from the event.")


def refuse_other_instruments(before: CareProtocol, after: CareProtocol) -> None:
    """An occasion that was published keeps its code and what it asks: else answers to other questions would be one
    series. Raises ``BadInput``. An occasion may leave, and come back as it was."""
    if before.code != after.code:
        raise BadInput("A protocol keeps its code. Make a new protocol for another.", fields=_at("code"))
    asked = {one.code: one for one in before.occasions}
    for one in after.occasions:
        known = asked.get(one.code)
        if known is not None and (known.instruments != one.instruments or known.is_series != one.is_series):
            raise BadInput(
                "The occasion %(code)s is published and keeps what it asks. "
                "Give the occasion with other instruments a code of its own.",
                values={"code": one.code},
            )


def _at(field: str) -> dict[str, str]:
    return {field: mark("A protocol keeps its code. Make a new protocol for another.")}


def fingerprint(definition: Mapping[str, Any], *, after: int) -> str:
    """What is previewed, as one code: the same definition, on top of the same version."""
    text = json.dumps([after, definition], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
