"""The parameters of one item, under the graded response or the (generalised) partial credit model.

For valid parameters only: not for reading files. An item that exists is right; a two-category item is the
two-parameter logistic model under either.
"""

import math
from dataclasses import dataclass
from enum import Enum

MINIMUM_CATEGORIES = 2
MAXIMUM_CATEGORIES = 6


class BankError(ValueError):
    """A bank cannot be used; the message names the file, line, item and column where they are known."""


class Model(Enum):
    """How the category probabilities follow from the parameters."""

    GRADED_RESPONSE = "grm"
    GENERALISED_PARTIAL_CREDIT = "gpcm"
    PARTIAL_CREDIT = "pcm"
    """The generalised model with one slope for all items."""


@dataclass(frozen=True, slots=True)
class GradedItem:
    """Parameters of one item of the graded response model.

    Parameters
    ----------
    slope
        Discrimination, positive, per theta unit.
    thresholds
        One fewer than there are categories, strictly increasing, in theta units.
    """

    id: str
    slope: float
    thresholds: tuple[float, ...]

    def __post_init__(self) -> None:
        _check(self.id, self.slope, self.thresholds)
        if any(low >= high for low, high in zip(self.thresholds, self.thresholds[1:], strict=False)):
            raise BankError(f"item {self.id}: the thresholds are disordered; each must exceed the one before")

    @property
    def categories(self) -> int:
        """Number of response categories; answers are coded 1 to this number."""
        return len(self.thresholds) + 1

    @property
    def model(self) -> Model:
        """The graded response model."""
        return Model.GRADED_RESPONSE


@dataclass(frozen=True, slots=True)
class PartialCreditItem:
    """Parameters of one item of the generalised partial credit model.

    Parameters
    ----------
    slope
        Discrimination, positive, per theta unit; equal for all items in the partial credit model.
    thresholds
        The steps: one fewer than there are categories, in any order, in theta units.
    """

    id: str
    slope: float
    thresholds: tuple[float, ...]

    def __post_init__(self) -> None:
        _check(self.id, self.slope, self.thresholds)

    @property
    def categories(self) -> int:
        """Number of response categories; answers are coded 1 to this number."""
        return len(self.thresholds) + 1

    @property
    def model(self) -> Model:
        """The generalised partial credit model, of which the partial credit model is a case."""
        return Model.GENERALISED_PARTIAL_CREDIT


Item = GradedItem | PartialCreditItem


def _check(item_id: str, slope: float, thresholds: tuple[float, ...]) -> None:
    if not item_id.strip():
        raise BankError("an item has no id")
    if not all(math.isfinite(number) for number in (slope, *thresholds)):
        raise BankError(f"item {item_id}: a parameter is not a finite number")
    if slope <= 0:
        raise BankError(f"item {item_id}: the slope must be positive")
    categories = len(thresholds) + 1
    if not MINIMUM_CATEGORIES <= categories <= MAXIMUM_CATEGORIES:
        raise BankError(
            f"item {item_id}: {categories} categories; {MINIMUM_CATEGORIES} to {MAXIMUM_CATEGORIES} are supported"
        )
