"""When an adaptive test has asked enough.

For the decision to stop only: not for what to ask instead. Engines differ in ``<`` and ``<=`` at a boundary, so a
rule says which it means.

References
----------
Choi, S. W., Grady, M. W., & Dodd, B. G. (2011). A new stopping rule for computerized adaptive testing.
*Educational and Psychological Measurement*, 71(1), 37-53. doi:10.1177/0013164410387338
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class StopReason(Enum):
    """Why no further item is asked."""

    PRECISION = "precision"
    """The standard error is small enough."""
    SE_CHANGE = "se_change"
    """The last answer changed the standard error too little for more answers to be worth their while."""
    PREDICTED_REDUCTION = "predicted_reduction"
    """The next item is not expected to lower the standard error by enough."""
    MAXIMUM_ITEMS = "maximum_items"
    """As many items as the rule allows have been answered."""
    SCREENED = "screened"
    """The first answer was the healthiest."""
    FLOOR = "floor"
    """Every answer so far is the lowest category."""
    CEILING = "ceiling"
    """Every answer so far is the highest category."""
    EXHAUSTED = "exhausted"
    """No item is left that may be asked."""


class Extreme(Enum):
    """An end of an item's categories, in the direction of the construct."""

    LOWEST = "lowest"
    HIGHEST = "highest"


@dataclass(frozen=True, slots=True)
class PredictedReduction:
    """PSER: stop when the next item promises too little, and go on past the SE bound while it promises much.

    The promise is the standard error now less the root of the expected posterior variance after the next item.

    Parameters
    ----------
    stop_below
        A promise < this stops the test even if the standard error is still large ("hypo").
    continue_above
        A promise > this keeps the test going although the standard error is small enough ("hyper").
    """

    stop_below: float = 0.01
    continue_above: float = math.inf

    def __post_init__(self) -> None:
        if not 0 <= self.stop_below <= self.continue_above:
            raise ValueError("a predicted reduction needs 0 <= stop_below <= continue_above")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a session has come.

    Attributes
    ----------
    answered : int
        Number of answers, without skipped items.
    se : float
        Standard error of theta.
    previous_se : float or None
        That before the last answer; None before the first, or where the rule does not ask.
    all_lowest, all_highest : bool
        Whether every answer is the lowest, or the highest, category of its item; False without answers.
    """

    answered: int
    se: float
    previous_se: float | None = None
    all_lowest: bool = False
    all_highest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppingRule:
    """At least ``minimum_items`` answers, at most ``maximum_items``, and between them until it is enough.

    Items that were skipped do not count as answers. What stops before the minimum is screening alone.

    Parameters
    ----------
    name
        How the rule is called in instrument definitions and stored results.
    se_below
        Standard error of theta (not of T) at which precision is reached; None to go on to the maximum.
    strict
        True: a bound is reached when the value is < the bound; False: when it is <=.
    se_change_below
        Stop when the last answer changed the standard error, up or down, by less than this; None for never.
    predicted
        Stop, or go on, by what the next item promises; None for never.
    floor_after, ceiling_after
        Stop when that many answers, and all of them, are the lowest (highest) category; None for never.
    screen
        Stop when the first answer is this, the healthiest, end of its categories; None for never.

    Examples
    --------
    >>> PROMIS_ADULT.reason_to_stop(answered=5, se=0.29)
    <StopReason.PRECISION: 'precision'>
    """

    name: str
    minimum_items: int
    maximum_items: int
    se_below: float | None
    strict: bool
    se_change_below: float | None = None
    predicted: PredictedReduction | None = None
    floor_after: int | None = None
    ceiling_after: int | None = None
    screen: Extreme | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.minimum_items <= self.maximum_items:
            raise ValueError(f"stopping rule {self.name}: needs 1 <= minimum_items <= maximum_items")
        for name in ("se_below", "se_change_below"):
            bound = getattr(self, name)
            if bound is not None and not (math.isfinite(bound) and bound > 0):
                raise ValueError(f"stopping rule {self.name}: {name} must be finite and positive, or None")
        for name in ("floor_after", "ceiling_after"):
            count = getattr(self, name)
            if count is not None and count < 1:
                raise ValueError(f"stopping rule {self.name}: {name} must be at least 1, or None")

    @property
    def looks_at_precision_only(self) -> bool:
        """Whether nothing but the number of answers and the standard error counts."""
        return not (self.se_change_below or self.screen or self.floor_after or self.ceiling_after)

    def reason_to_stop(self, *, answered: int, se: float, previous_se: float | None = None) -> StopReason | None:
        """The reason to stop after so many answers with this standard error of theta, or None to go on."""
        return self.reason(Progress(answered=answered, se=se, previous_se=previous_se))

    def reason(self, progress: Progress, promise: Callable[[], float] | None = None) -> StopReason | None:
        """The reason to stop, or None to go on.

        Parameters
        ----------
        progress
            How far the session has come.
        promise
            Gives the predicted reduction of the standard error; called only where the rule wants it. None where no
            item is left to promise anything.
        """
        answered = progress.answered
        if answered == 1 and self._is_screened(progress):
            return StopReason.SCREENED
        if answered >= self.minimum_items and (reason := self._enough(progress, promise)):
            return reason
        if answered >= self.maximum_items:
            return StopReason.MAXIMUM_ITEMS
        return None

    def _enough(self, progress: Progress, promise: Callable[[], float] | None) -> StopReason | None:
        previous, change = progress.previous_se, self.se_change_below
        precise = self.se_below is not None and self._reaches(progress.se, self.se_below)
        if self.predicted is None or promise is None or progress.answered >= self.maximum_items:
            if precise:
                return StopReason.PRECISION
        elif (reduction := promise()) <= self.predicted.continue_above and precise:
            return StopReason.PRECISION
        elif reduction < self.predicted.stop_below:
            return StopReason.PREDICTED_REDUCTION
        elif precise:
            return None
        if change is not None and previous is not None and self._reaches(abs(previous - progress.se), change):
            return StopReason.SE_CHANGE
        if progress.all_lowest and self.floor_after is not None and progress.answered >= self.floor_after:
            return StopReason.FLOOR
        if progress.all_highest and self.ceiling_after is not None and progress.answered >= self.ceiling_after:
            return StopReason.CEILING
        return None

    def _is_screened(self, progress: Progress) -> bool:
        return (self.screen is Extreme.LOWEST and progress.all_lowest) or (
            self.screen is Extreme.HIGHEST and progress.all_highest
        )

    def _reaches(self, value: float, bound: float) -> bool:
        return value < bound if self.strict else value <= bound


# 0.3 standard deviations are 3 T points, a reliability of about 0.91. PROMIS adult rule.
PROMIS_ADULT = StoppingRule(name="promis-adult", minimum_items=4, maximum_items=12, se_below=0.3, strict=True)

# As the adult rule, and it also gives up where answers no longer sharpen the score.
PROMIS_RECOMMENDED = StoppingRule(
    name="promis-recommended", minimum_items=4, maximum_items=8, se_below=0.3, strict=True, se_change_below=0.01
)

# Screen-to-CAT: one question to those who report no problem. For banks where a higher score is worse, and better.
PROMIS_SCREEN = StoppingRule(
    name="promis-screen", minimum_items=4, maximum_items=12, se_below=0.3, strict=True, screen=Extreme.LOWEST
)
PROMIS_SCREEN_FUNCTION = StoppingRule(
    name="promis-screen-function", minimum_items=4, maximum_items=12, se_below=0.3, strict=True, screen=Extreme.HIGHEST
)

# Children and their proxies: 4 T points are enough.
PROMIS_PAEDIATRIC = StoppingRule(name="promis-paediatric", minimum_items=5, maximum_items=12, se_below=0.4, strict=True)

RULES = {
    rule.name: rule
    for rule in (PROMIS_ADULT, PROMIS_RECOMMENDED, PROMIS_SCREEN, PROMIS_SCREEN_FUNCTION, PROMIS_PAEDIATRIC)
}
