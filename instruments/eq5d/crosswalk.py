"""Crosswalks: an index for the states of one version from a value set for the other.

The expected value over the states of the other version, by their published probabilities. For EQ-5D-5L states and any
3L set, and the reverse. Not the mapping that NICE prescribes, which needs age and sex.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache
from itertools import pairwise, product
from operator import mul
from pathlib import Path

from instruments.eq5d.profile import CODES, Levels, Version, digits
from instruments.eq5d.valuation import ARITHMETIC, Term, check_levels, rounded, total, with_rounding
from instruments.eq5d.value_set import Kind, ValueSet
from instruments.reading import Table

_DATA = Path(__file__).parent / "data"
_CROSSWALK, _REVERSE = _DATA / "crosswalk_5l_to_3l.toml", _DATA / "crosswalk_3l_to_5l.toml"

# For each dimension, the probability of every level of the other version.
Probabilities = tuple[tuple[Decimal, ...], ...]


@dataclass(frozen=True, slots=True)
class Crosswalk:
    r"""EQ-5D-5L states valued with a 3L set.

    .. math:: V(s) = \sum_t v(t) \prod_{d=1}^{5} P(t_d \mid s_d)

    over all 243 states *t* of 3L, with the probabilities of the non-parametric model of van Hout et al. 2012
    (doi:10.1016/j.jval.2012.02.008), which are kept as the counts that they come from.

    Examples
    --------
    State 11112 is 11111 of 3L with probability 219/1060, else 11112: with the UK set of 1997 it is worth
    219/1060 + 841/1060 x 0.848 = 0.879404, which the published table gives as 0.879.
    """

    base: ValueSet

    def __post_init__(self) -> None:
        if self.base.version is not Version.THREE_LEVEL:
            raise ValueError("a crosswalk from EQ-5D-5L needs a 3L set")

    @property
    def id(self) -> str:
        return f"{self.base.id}/{Kind.CROSSWALK}"

    @property
    def version(self) -> Version:
        return Version.FIVE_LEVEL

    @property
    def reference(self) -> str:
        return f"{_level_probabilities().reference} with {self.base.reference}"

    @property
    def content_hash(self) -> str:
        return _joint_hash(self.base, _CROSSWALK)

    def index(self, levels: Levels) -> Decimal:
        """The expected value, rounded to nine decimals, half to even."""
        check_levels(levels, self.version)
        return rounded(_expectation(self.base, self._probabilities(levels)))

    def terms(self, levels: Levels) -> tuple[Term, ...]:
        """One term for each 3L state that may be meant: its value times its probability."""
        check_levels(levels, self.version)
        return with_rounding(tuple(_expected(self.base, self._probabilities(levels))), self.index(levels))

    def _probabilities(self, levels: Levels) -> Probabilities:
        rows = _level_probabilities().rows
        return tuple(rows[dimension][level - 1] for dimension, level in enumerate(levels))


@dataclass(frozen=True, slots=True)
class ReverseCrosswalk:
    r"""EQ-5D-3L states valued with a 5L set.

    The same sum over all 3,125 states of 5L, with the probabilities of the ordinal logit model of van Hout & Shaw 2021
    (doi:10.1016/j.jval.2021.03.009), in which every 3L answer bears on every dimension:

    .. math:: P(t_d \le k \mid s) = 1 / (1 + \exp(\sum_e \beta_{d,e,s_e} - \theta_{d,k}))

    Examples
    --------
    With the Swedish set of 2020, 11111 is worth 0.96797: a state of no problems in 3L may be one of slight ones in 5L.
    """

    base: ValueSet

    def __post_init__(self) -> None:
        if self.base.version is not Version.FIVE_LEVEL:
            raise ValueError("a crosswalk from EQ-5D-3L needs a 5L set")

    @property
    def id(self) -> str:
        return f"{self.base.id}/{Kind.REVERSE_CROSSWALK}"

    @property
    def version(self) -> Version:
        return Version.THREE_LEVEL

    @property
    def reference(self) -> str:
        return f"{_logit_model().reference} with {self.base.reference}"

    @property
    def content_hash(self) -> str:
        return _joint_hash(self.base, _REVERSE)

    def index(self, levels: Levels) -> Decimal:
        """The expected value, rounded to nine decimals, half to even."""
        check_levels(levels, self.version)
        return rounded(_expectation(self.base, _logit_probabilities(levels)))

    def terms(self, levels: Levels) -> tuple[Term, ...]:
        """One term for each of the 3,125 states of 5L: its value times its probability, the largest first."""
        check_levels(levels, self.version)
        expected = sorted(_expected(self.base, _logit_probabilities(levels)), key=lambda term: -abs(term.value))
        return with_rounding(tuple(expected), self.index(levels))


@dataclass(frozen=True, slots=True)
class _LevelProbabilities:
    reference: str
    rows: tuple[Probabilities, ...]
    """By dimension and level of 5L: the probability of each level of 3L."""


@dataclass(frozen=True, slots=True)
class _LogitModel:
    reference: str
    thresholds: tuple[tuple[Decimal, ...], ...]
    effects: tuple[tuple[tuple[Decimal, ...], ...], ...]
    """By dimension of 5L, dimension of 3L and level of 3L."""

    def probabilities(self, levels: Levels) -> Probabilities:
        """For each dimension, the probability of every 5L level, given all five 3L levels."""
        rows = []
        for thresholds, effects in zip(self.thresholds, self.effects, strict=True):
            effect = total(of[level - 1] for of, level in zip(effects, levels, strict=True))
            at_most = [ARITHMETIC.divide(Decimal(1), 1 + ARITHMETIC.exp(effect - cut)) for cut in thresholds]
            bounds = [Decimal(0), *at_most, Decimal(1)]
            rows.append(tuple(upper - lower for lower, upper in pairwise(bounds)))
        return tuple(rows)


def _expected(base: ValueSet, probabilities: Probabilities) -> Iterator[Term]:
    """The states that have a probability, with value times probability."""
    possible = [[(level, p) for level, p in enumerate(row, start=1) if p] for row in probabilities]
    for state in product(*possible):
        probability = Decimal(1)
        for _, p in state:
            probability = ARITHMETIC.multiply(probability, p)
        levels = tuple(level for level, _ in state)
        yield Term(f"state:{digits(levels)}", ARITHMETIC.multiply(probability, _value(base, levels)))


def _expectation(base: ValueSet, probabilities: Probabilities) -> Decimal:
    """The sum of `_expected`, by a shorter way."""
    with localcontext(ARITHMETIC):
        if base.is_sum_of_levels:
            by_dimension = (sum(map(mul, values, row)) for values, row in zip(base.levels, probabilities, strict=True))
            return sum(by_dimension, start=base.full_health)
        return _over_dimensions(_values_of_all_states(base), probabilities)


def _over_dimensions(values: tuple[Decimal, ...], probabilities: Probabilities) -> Decimal:
    """One dimension at a time: 3,905 products for 3,125 states, not 15,625; fewer where a level is ruled out."""
    row, *rest = probabilities
    if not rest:
        return sum(map(mul, values, row), start=Decimal(0))
    step = len(values) // len(row)
    parts = [p * _over_dimensions(values[at * step : (at + 1) * step], tuple(rest)) for at, p in enumerate(row) if p]
    return sum(parts, start=Decimal(0))


def _value(base: ValueSet, levels: Levels) -> Decimal:
    place = 0
    for level in levels:
        place = place * base.version.levels + level - 1
    return _values_of_all_states(base)[place]


@cache
def _values_of_all_states(base: ValueSet) -> tuple[Decimal, ...]:
    return tuple(base.index(levels) for levels in base.version.states)


@cache
def _level_probabilities() -> _LevelProbabilities:
    table = Table.read(_CROSSWALK, file=_CROSSWALK.name)
    reference = _reference(table)
    rows = []
    for code in CODES:
        counts = table.table(code)
        by_level = [counts.decimals(f"level_{level}") for level in range(1, Version.FIVE_LEVEL.levels + 1)]
        rows.append(tuple(tuple(ARITHMETIC.divide(count, total(row)) for count in row) for row in by_level))
        counts.finish()
    table.finish()
    return _LevelProbabilities(reference, tuple(rows))


@cache
def _logit_model() -> _LogitModel:
    table = Table.read(_REVERSE, file=_REVERSE.name)
    reference = _reference(table)
    thresholds, effects = [], []
    for code in CODES:
        of_dimension = table.table(code)
        thresholds.append(of_dimension.decimals("thresholds"))
        effects.append(tuple(of_dimension.decimals(other) for other in CODES))
        of_dimension.finish()
    table.finish()
    return _LogitModel(reference, tuple(thresholds), tuple(effects))


@cache
def _logit_probabilities(levels: Levels) -> Probabilities:
    return _logit_model().probabilities(levels)


def _reference(table: Table) -> str:
    table.text("id"), table.text("citation")
    return f"doi:{table.text('doi')}"


def _joint_hash(base: ValueSet, model: Path) -> str:
    content = base.content_hash.encode() + model.read_bytes()
    return "sha256:" + hashlib.sha256(content).hexdigest()
