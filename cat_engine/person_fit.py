"""Careless and unusual answers in a finished session: person fit, answers given too fast, and answers all alike.

For flags that a person may look at; never for changing or refusing a score.

The fit statistic is standard normal only in long tests with theta known. In an adaptive test it is not: with few
items, each near the person's level, its spread is too small, and it finds little. Below `RELIABLE_ITEMS` answers it is
given but never flagged, and above that a flag is a reason to look, not a finding.

References
----------
Drasgow, F., Levine, M. V., & Williams, E. A. (1985). Appropriateness measurement with polychotomous item response
models and standardized indices. *British Journal of Mathematical and Statistical Psychology*, 38(1), 67-86.
doi:10.1111/j.2044-8317.1985.tb00817.x

Huang, J. L., Curran, P. G., Keeney, J., Poposki, E. M., & DeShon, R. P. (2012). Detecting and deterring insufficient
effort responding to surveys. *Journal of Business and Psychology*, 27(1), 99-114. doi:10.1007/s10869-011-9231-8
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cat_engine.answers import read_answers
from cat_engine.bank import ItemBank

RELIABLE_ITEMS = 10
"""Fewer answers than this say too little about fit to flag anybody."""

UNUSUAL_BELOW = -1.96
"""The pattern is less likely than 97.5 % of patterns would be in a long test."""

FASTEST_SECONDS = 2.0
"""Nobody reads and answers a question faster (Huang et al. 2012)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFit:
    """How likely the pattern is for this theta.

    Attributes
    ----------
    lz : float or None
        Standardised log-likelihood; strongly negative is unusual. None without answers, or where every pattern is
        equally likely.
    log_likelihood, expected, variance : float
        What it is made of.
    answered : int
        Number of answers.
    """

    lz: float | None
    log_likelihood: float
    expected: float
    variance: float
    answered: int

    @property
    def is_reliable(self) -> bool:
        """Whether there are enough answers for the statistic to mean something."""
        return self.answered >= RELIABLE_ITEMS

    @property
    def is_unusual(self) -> bool:
        """Whether the pattern is flagged: reliable, and below -1.96."""
        return self.is_reliable and self.lz is not None and self.lz < UNUSUAL_BELOW


def person_fit(bank: ItemBank, answers: Mapping[str, int | None], theta: float) -> PersonFit:
    """Standardised log-likelihood for polytomous items (Drasgow, Levine & Williams 1985).

    .. math:: l_z = \\frac{l - E(l)}{\\sqrt{Var(l)}}, \\quad E(l) = \\sum_j \\sum_k P_{jk} \\log P_{jk}, \\quad
        Var(l) = \\sum_j \\Big[ \\sum_k P_{jk} (\\log P_{jk})^2 - \\big(\\sum_k P_{jk} \\log P_{jk}\\big)^2 \\Big]

    Parameters
    ----------
    bank, answers
        The session; None is a skipped item.
    theta
        The estimate at which the pattern is judged.

    Examples
    --------
    >>> from cat_engine import GradedItem
    >>> bank = ItemBank((GradedItem("easy", 3.0, (-1.0,)), GradedItem("hard", 3.0, (1.0,))))
    >>> round(person_fit(bank, {"easy": 2, "hard": 1}, 0.0).lz, 3)
    0.316
    >>> round(person_fit(bank, {"easy": 1, "hard": 2}, 0.0).lz, 3)
    -6.338
    """
    given = read_answers(bank, answers)
    column = bank.log_likelihoods_at(np.array([theta]))[:, 0]
    log_likelihood = float(column[given.rows].sum())
    expected = variance = 0.0
    for position, _ in given.codes:
        first = bank.first_rows[position]
        logs = column[first : first + bank.categories[position]]
        probabilities = np.exp(logs)
        mean = float(probabilities @ logs)
        expected += mean
        variance += float(probabilities @ (logs - mean) ** 2)
    lz = (log_likelihood - expected) / math.sqrt(variance) if variance > 0 else None
    return PersonFit(
        lz=lz, log_likelihood=log_likelihood, expected=expected, variance=variance, answered=len(given.codes)
    )


@dataclass(frozen=True, slots=True)
class TimeFlags:
    """Items answered too fast to have been read, items that took far longer than the rest, and their proportions."""

    too_fast: tuple[str, ...]
    too_slow: tuple[str, ...]
    answered: int

    @property
    def is_careless(self) -> bool:
        """At least half of the answers were too fast."""
        return self.answered > 0 and 2 * len(self.too_fast) >= self.answered


def time_flags(seconds: Mapping[str, float], *, fastest: float = FASTEST_SECONDS, slowest: float = 300.0) -> TimeFlags:
    """Which answers took less than ``fastest`` or more than ``slowest`` seconds.

    Parameters
    ----------
    seconds
        Time from showing each item to its answer, by item id. Pauses are no carelessness: they are told apart.

    Examples
    --------
    >>> time_flags({"x": 0.8, "y": 5.0, "z": 1000.0})
    TimeFlags(too_fast=('x',), too_slow=('z',), answered=3)
    """
    if not all(math.isfinite(time) and time >= 0 for time in seconds.values()):
        raise ValueError("a response time is a finite number of seconds, not below zero")
    fast = tuple(item_id for item_id, time in seconds.items() if time < fastest)
    slow = tuple(item_id for item_id, time in seconds.items() if time > slowest)
    return TimeFlags(fast, slow, len(seconds))


def longest_run(categories: Sequence[int]) -> int:
    """The longest run of one and the same category, in the order of asking: a sign of answering without reading.

    Examples
    --------
    >>> longest_run([3, 3, 3, 1, 3])
    3
    """
    longest = current = 0
    last: int | None = None
    for category in categories:
        current = current + 1 if category == last else 1
        longest, last = max(longest, current), category
    return longest
