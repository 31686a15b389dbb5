"""Whom a protocol is meant for: rules that it declares, and the one judgement of them. Pure.

Every rule of ``inclusion`` has to hold, and none of ``exclusion``. What a rule asks about and nobody has said is not
taken for granted: without a diagnosis code, a protocol that asks for one is not ordered.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from survey_service.errors import BadInput, mark

# The Swedish edition of ICD-10: a letter, two digits, and up to three more with or without the point.
_DIAGNOSIS = re.compile(r"[A-Z][0-9]{2}(\.?[0-9A-Z]{1,3})?")
_PREFIX = re.compile(r"[A-Z]([0-9]([0-9](\.?[0-9A-Z]{1,3})?)?)?")
_VARIABLE = re.compile(r"[a-z0-9_.]{1,80}")
_OLDEST = 130
_LONGEST_MEMORY = 3660


@dataclass(frozen=True, slots=True)
class EarlierScore:
    """The newest score of ``variable`` that is at most so old lies within the bounds. Without one it does not."""

    variable: str
    within_days: int
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is asked of a patient; what is empty or None asks nothing. ``diagnoses`` are beginnings of codes."""

    age_from: int | None = None
    age_to: int | None = None
    diagnoses: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    scores: tuple[EarlierScore, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """Whom a protocol takes in, and whom of those it leaves out."""

    inclusion: Criteria = Criteria()
    exclusion: Criteria = Criteria()

    @property
    def variables(self) -> frozenset[str]:
        """The scores that have to be looked up."""
        return frozenset(one.variable for one in (*self.inclusion.scores, *self.exclusion.scores))

    @property
    def longest_memory(self) -> int:
        """How many days back."""
        return max((one.within_days for one in (*self.inclusion.scores, *self.exclusion.scores)), default=0)


EVERYBODY = Rules()


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a patient at the order. ``scores`` are values of each variable with their age in days."""

    age: int
    language: str
    diagnoses: tuple[str, ...] = ()
    scores: Mapping[str, tuple[tuple[float, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Excluded:
    """Which rule said no, in one sentence of the interface; ``at`` is the field of the order that it is about."""

    sentence: str
    at: str
    values: Mapping[str, str] = field(default_factory=dict)


def why_excluded(rules: Rules, candidate: Candidate) -> Excluded | None:
    """The first rule that says no; None for somebody whom the protocol is meant for."""
    return _not_included(rules.inclusion, candidate) or _left_out(rules.exclusion, candidate)


def _not_included(asked: Criteria, candidate: Candidate) -> Excluded | None:
    if asked.age_from is not None and candidate.age < asked.age_from:
        return Excluded(
            mark("The protocol is for patients of %(age)s years or older."), "protocol", {"age": str(asked.age_from)}
        )
    if asked.age_to is not None and candidate.age > asked.age_to:
        return Excluded(
            mark("The protocol is for patients of at most %(age)s years."), "protocol", {"age": str(asked.age_to)}
        )
    if asked.diagnoses and not _fits(asked.diagnoses, candidate.diagnoses):
        codes = ", ".join(asked.diagnoses)
        return Excluded(
            mark("The protocol is for patients with a diagnosis that begins with %(codes)s."),
            "diagnoses",
            {"codes": codes},
        )
    if asked.languages and candidate.language not in asked.languages:
        return Excluded(
            mark("The protocol is for patients who answer in %(languages)s."),
            "language",
            {"languages": ", ".join(asked.languages)},
        )
    for score in asked.scores:
        if not _holds(score, candidate):
            return Excluded(
                mark("The protocol asks for an earlier result of %(variable)s that the patient does not have."),
                "protocol",
                {"variable": score.variable},
            )
    return None


def _left_out(barred: Criteria, candidate: Candidate) -> Excluded | None:
    has_age = barred.age_from is not None or barred.age_to is not None
    if has_age and (barred.age_from or 0) <= candidate.age <= (_OLDEST if barred.age_to is None else barred.age_to):
        return Excluded(mark("The protocol is not for patients of that age."), "protocol")
    if _fits(barred.diagnoses, candidate.diagnoses):
        return Excluded(mark("The protocol is not for patients with that diagnosis."), "diagnoses")
    if candidate.language in barred.languages:
        return Excluded(mark("The protocol is not for patients who answer in that language."), "language")
    for score in barred.scores:
        if _holds(score, candidate):
            return Excluded(
                mark("The patient's earlier result of %(variable)s rules the protocol out."),
                "protocol",
                {"variable": score.variable},
            )
    return None


def _fits(beginnings: Sequence[str], diagnoses: Sequence[str]) -> bool:
    plain = [code.replace(".", "") for code in diagnoses]
    return any(code.startswith(one.replace(".", "")) for one in beginnings for code in plain)


def _holds(rule: EarlierScore, candidate: Candidate) -> bool:
    known = [one for one in candidate.scores.get(rule.variable, ()) if one[1] <= rule.within_days]
    if not known:
        return False
    value, _ = min(known, key=lambda one: one[1])
    return (rule.at_least is None or value >= rule.at_least) and (rule.at_most is None or value <= rule.at_most)


def parse_diagnoses(text: str) -> tuple[str, ...]:
    """Diagnosis codes of ICD-10, apart by commas or spaces. Raises ``BadInput``."""
    codes = tuple(dict.fromkeys(part.upper() for part in re.split(r"[,;\s]+", text) if part))
    if len(codes) > 20 or not all(_DIAGNOSIS.fullmatch(code) for code in codes):
        raise BadInput(
            "A diagnosis code cannot be right.",
            fields={"diagnoses": mark("Write diagnosis codes of ICD-10 with commas between, for example M17.1.")},
        )
    return codes


def parse_rules(inclusion: Any, exclusion: Any) -> Rules:
    """Read the tables of a definition. Raises ``BadInput`` naming the field."""
    return Rules(_parse_criteria("inclusion", inclusion or {}), _parse_criteria("exclusion", exclusion or {}))


def _parse_criteria(name: str, data: Any) -> Criteria:
    if not isinstance(data, Mapping):
        raise BadInput(f"The protocol's {name} must be a table.")
    if unknown := sorted(set(data) - {"age_from", "age_to", "diagnoses", "languages", "scores"}):
        raise BadInput(f"The protocol's {name} has no field {unknown[0]}.")
    youngest, oldest = _age(name, data, "age_from"), _age(name, data, "age_to")
    if youngest is not None and oldest is not None and youngest > oldest:
        raise BadInput(f"The ages of the protocol's {name} are turned round.")
    return Criteria(
        age_from=youngest,
        age_to=oldest,
        diagnoses=_texts(name, data, "diagnoses", _PREFIX),
        languages=_texts(name, data, "languages", re.compile(r"[a-z]{2,3}(_[A-Za-z]+)?")),
        scores=tuple(_parse_score(name, one) for one in _list(name, data, "scores")),
    )


def _age(name: str, data: Mapping[str, Any], bound: str) -> int | None:
    age = data.get(bound)
    if age is not None and (type(age) is not int or not 0 <= age <= _OLDEST):
        raise BadInput(f"The {bound} of the protocol's {name} must be whole years from 0 to {_OLDEST}.")
    return age


def _list(name: str, data: Mapping[str, Any], field: str) -> Sequence[Any]:
    found = data.get(field, [])
    if not isinstance(found, list | tuple) or len(found) > 100:
        raise BadInput(f"The {field} of the protocol's {name} must be a list.")
    return found


def _texts(name: str, data: Mapping[str, Any], field: str, form: re.Pattern[str]) -> tuple[str, ...]:
    found = tuple(_list(name, data, field))
    if not all(isinstance(one, str) and form.fullmatch(one) for one in found):
        raise BadInput(f"The {field} of the protocol's {name} cannot be right.")
    return found


def _parse_score(name: str, data: Any) -> EarlierScore:
    wrong = BadInput(
        f"An earlier score of the protocol's {name} needs a variable, within_days, and at_least or at_most, in numbers."
    )
    if not isinstance(data, Mapping) or set(data) - {"variable", "within_days", "at_least", "at_most"}:
        raise wrong
    variable, days = data.get("variable"), data.get("within_days")
    bounds = [data.get("at_least"), data.get("at_most")]
    if not isinstance(variable, str) or not _VARIABLE.fullmatch(variable):
        raise wrong
    if type(days) is not int or not 1 <= days <= _LONGEST_MEMORY or bounds == [None, None]:
        raise wrong
    if not all(bound is None or type(bound) in (int, float) for bound in bounds):
        raise wrong
    low, high = (None if bound is None else float(bound) for bound in bounds)
    return EarlierScore(variable, days, low, high)
