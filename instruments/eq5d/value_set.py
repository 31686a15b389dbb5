"""A value set: what each EQ-5D state is worth, on a scale where dead is 0 and full health at most 1.

For one published set, of any of the models in use. Not for choosing a set: see `catalogue`. Its id travels with every
index.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import reduce

from instruments.eq5d.profile import DIMENSIONS, Levels, Version, digits
from instruments.eq5d.terms import count_of
from instruments.eq5d.valuation import ARITHMETIC, Term, check_levels, rounded, total, with_rounding

FULL_HEALTH = "full_health"


class Kind(StrEnum):
    """The type of a set, or of a way to use one, as data files name it."""

    TTO = "TTO"
    VAS = "VAS"
    EQ_VT = "VT"
    YOUTH = "IVP"
    CROSSWALK = "CW"
    REVERSE_CROSSWALK = "RCW"


class Basis(StrEnum):
    """Whose state was valued."""

    EXPERIENCE = "experience-based"
    """The respondent's own, on the day."""
    HYPOTHETICAL = "hypothetical"
    """A described one, by the general public."""
    NOT_ESTABLISHED = "not established"


class Model(StrEnum):
    """How the parts of a state make its value."""

    ADDITIVE = "additive"
    """Full health plus one term for each level, plus the extra terms."""
    MULTIPLICATIVE = "multiplicative"
    """Full health times one factor for each level, times the extra factors."""
    POWER = "power"
    """Full health minus the sum of the decrements raised to a power, plus the extra terms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which set it is, and where it comes from."""

    id: str
    name: str
    """As data files name it, such as ``Sweden_2020``; unique within version and kind."""
    version: Version
    kind: Kind
    country: str
    year: int
    basis: Basis
    method: str
    citation: str
    doi: str = ""
    isbn: str = ""
    url: str = ""
    pubmed: str = ""
    note: str = ""
    crosswalk_name: str = ""
    """The name under which a crosswalk is also found, where published tables use another."""

    @property
    def reference(self) -> str:
        """The most durable pointer to the publication there is."""
        for prefix, value in (("doi:", self.doi), ("ISBN ", self.isbn), ("", self.url)):
            if value:
                return prefix + value
        return self.citation


@dataclass(frozen=True, slots=True)
class WithheldSet:
    """A set that is known and refuses to score, because its sources conflict."""

    origin: Origin
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSet:
    """Coefficients of one published set, in exact decimals, and where they come from."""

    origin: Origin
    full_health: Decimal
    levels: tuple[tuple[Decimal, ...], ...]
    """For each dimension, what each level adds (or the factor it is)."""
    extra: Mapping[str, Decimal]
    """Terms beside the main effects, by the names of `terms`."""
    model: Model = Model.ADDITIVE
    power: Decimal | None = None
    published: Mapping[str, Decimal] = field(default_factory=dict)
    """States whose value is not the model's but printed by the authors."""
    content_hash: str = field(init=False)

    def __post_init__(self) -> None:
        if (self.power is None) == (self.model is Model.POWER):
            raise ValueError("a power belongs to the power model and no other")
        object.__setattr__(self, "content_hash", _content_hash(self))

    def __hash__(self) -> int:
        return hash(self.content_hash)

    @property
    def id(self) -> str:
        return self.origin.id

    @property
    def version(self) -> Version:
        return self.origin.version

    @property
    def reference(self) -> str:
        return self.origin.reference

    @property
    def doi(self) -> str:
        return self.origin.doi

    @property
    def is_sum_of_levels(self) -> bool:
        """Whether full health and the five levels are all there is: then an expected value is the sum of theirs."""
        return self.model is Model.ADDITIVE and not self.extra and not self.published

    def index(self, levels: Levels) -> Decimal:
        """The value of a complete state: exact for a sum, else rounded to nine decimals, half to even.

        Raises
        ------
        NotAProfile
            If it is not five levels of the version.
        """
        check_levels(levels, self.version)
        printed = self.published.get(digits(levels)) if self.published else None
        return self._modelled(levels) if printed is None else printed

    def terms(self, levels: Levels) -> tuple[Term, ...]:
        """What the index of a complete state is made of; the values add up to the index exactly.

        A factor is told as what it changes when it is applied after those before it; the share of a level in a power
        is in proportion to its decrement. ``rounding`` is what rounding did, ``published`` the step from the model to
        a value that the authors print instead.
        """
        check_levels(levels, self.version)
        match self.model:
            case Model.ADDITIVE:
                terms = tuple(Term(name, value) for name, value in self._parts(levels))
            case Model.MULTIPLICATIVE:
                terms = self._steps(levels)
            case Model.POWER:
                terms = self._shares(levels)
        terms = with_rounding(terms, self._modelled(levels))
        printed = self.published.get(digits(levels))
        if printed is not None:
            terms = (*terms, Term(f"published:{digits(levels)}", printed - self._modelled(levels)))
        return terms

    def _modelled(self, levels: Levels) -> Decimal:
        main = [values[level - 1] for level, values in zip(levels, self.levels, strict=True)]
        extra = [coefficient * times for _, coefficient, times in self._applying(levels)] if self.extra else []
        match self.model:
            case Model.ADDITIVE:
                return total([self.full_health, *main, *extra])
            case Model.MULTIPLICATIVE:
                return rounded(reduce(ARITHMETIC.multiply, [*main, *extra], self.full_health))
            case Model.POWER:
                return rounded(total([self.full_health, -self._raised(total(main)), *extra]))

    def _raised(self, decrements: Decimal) -> Decimal:
        assert self.power is not None
        return ARITHMETIC.power(-decrements, self.power) if decrements else Decimal(0)

    def _parts(self, levels: Levels) -> list[tuple[str, Decimal]]:
        """Full health, the five levels, and those extra terms that apply, with their coefficients times counts."""
        parts = [(FULL_HEALTH, self.full_health)]
        for dimension, level, values in zip(DIMENSIONS, levels, self.levels, strict=True):
            parts.append((f"{dimension}:{level}", values[level - 1]))
        for name, coefficient, times in self._applying(levels):
            parts.append((name if times == 1 else f"{name} x {times}", coefficient * times))
        return parts

    def _applying(self, levels: Levels) -> Iterator[tuple[str, Decimal, int]]:
        for name, coefficient in self.extra.items():
            count = count_of(name)
            assert count is not None
            times = count(levels)
            if times:
                yield name, coefficient, times

    def _steps(self, levels: Levels) -> tuple[Term, ...]:
        running, steps = Decimal(1), []
        for name, factor in self._parts(levels):
            after = ARITHMETIC.multiply(running, factor)
            steps.append(Term(name, after if name == FULL_HEALTH else after - running))
            running = after
        return tuple(steps)

    def _shares(self, levels: Levels) -> tuple[Term, ...]:
        full, *parts = self._parts(levels)
        main, rest = parts[: len(DIMENSIONS)], parts[len(DIMENSIONS) :]
        decrements = total(value for _, value in main)
        # Nothing is lost at full health, and there is nothing to share.
        scale = ARITHMETIC.divide(-self._raised(decrements), decrements) if decrements else Decimal(0)
        shares = (Term(name, ARITHMETIC.multiply(value, scale)) for name, value in main)
        return (Term(*full), *shares, *(Term(name, value) for name, value in rest))


def _content_hash(value_set: ValueSet) -> str:
    numbers = {
        "id": value_set.id,
        "version": value_set.version,
        "model": value_set.model,
        "full_health": str(value_set.full_health),
        "levels": [[str(value) for value in row] for row in value_set.levels],
        "extra": {name: str(value) for name, value in value_set.extra.items()},
        "power": str(value_set.power),
        "published": {state: str(value) for state, value in value_set.published.items()},
    }
    return "sha256:" + hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()
