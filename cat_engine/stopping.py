"""When an adaptive test has asked enough.

For the decision to stop only: not for what to ask instead. Engines differ in ``<`` and ``<=`` at the boundary
of the standard error, so a rule says which it means.
"""

import math
from dataclasses import dataclass
from enum import Enum


class StopReason(Enum):
    """Why no further item is asked."""

    PRECISION = "precision"
    """The standard error is small enough."""
    MAXIMUM_ITEMS = "maximum_items"
    """As many items as the rule allows have been answered."""
    EXHAUSTED = "exhausted"
    """No item is left that may be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppingRule:
    """At least ``minimum_items`` answers, at most ``maximum_items``, and between them until the SE is small.

    Items that were skipped do not count as answers.

    Parameters
    ----------
    name
        How the rule is called in instrument definitions and stored results.
    se_below
        Standard error of theta (not of T) at which precision is reached; None to go on to the maximum.
    strict
        True: precision is reached when the standard error is < ``se_below``; False: when it is <=.
    """

    name: str
    minimum_items: int
    maximum_items: int
    se_below: float | None
    strict: bool

    def __post_init__(self) -> None:
        if not 1 <= self.minimum_items <= self.maximum_items:
            raise ValueError(f"stopping rule {self.name}: needs 1 <= minimum_items <= maximum_items")
        if self.se_below is not None and not (math.isfinite(self.se_below) and self.se_below > 0):
            raise ValueError(f"stopping rule {self.name}: se_below must be finite and positive, or None")

    def reason_to_stop(self, *, answered: int, se: float) -> StopReason | None:
        """The reason to stop after so many answers with this standard error of theta, or None to go on."""
        if answered >= self.minimum_items and self._is_precise(se):
            return StopReason.PRECISION
        if answered >= self.maximum_items:
            return StopReason.MAXIMUM_ITEMS
        return None

    def _is_precise(self, se: float) -> bool:
        if self.se_below is None:
            return False
        return se < self.se_below if self.strict else se <= self.se_below


# 0.3 standard deviations are 3 T points, a reliability of about 0.91. PROMIS adult rule.
PROMIS_ADULT = StoppingRule(name="promis-adult", minimum_items=4, maximum_items=12, se_below=0.3, strict=True)

RULES = {rule.name: rule for rule in (PROMIS_ADULT,)}
