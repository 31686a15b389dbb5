"""Which estimate of theta is reported: EAP, MAP, maximum likelihood with fences, or weighted likelihood.

For the estimate that a person's answers give. The posterior on the grid is in `estimation`; an adaptive test uses it
to choose items whatever estimate it reports.

All four have a standard error that does not shrink at extreme answers: EAP and MAP carry the prior's, and the other
two the test information at the estimate, which falls towards zero far from the thresholds. EAP lives on the bank's
grid: within an SE or two of the grid's end its posterior is cut off and its SE too small, so a bank that measures there
wants a wider grid than the -4 to 4 of PROMIS.

References
----------
Warm, T. A. (1989). Weighted likelihood estimation of ability in item response theory. *Psychometrika*, 54(3),
427-450. doi:10.1007/BF02294627

Han, K. T. (2016). Maximum likelihood score estimation method with fences for short-length tests and computerized
adaptive tests. *Applied Psychological Measurement*, 40(4), 289-301. doi:10.1177/0146621616631317
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cat_engine.bank import ItemBank
from cat_engine.estimation import Estimate, NormalPrior, expected_a_posteriori, posterior
from cat_engine.graded_response import Array
from cat_engine.likelihood import Likelihood, Slopes

Answers = Sequence[tuple[int, int]]
"""Position in the bank and category counted from 1, in the order of the bank."""

# Far below the 1e-9 to which results are compared between machines.
_ROOT_TOLERANCE = 1e-12
_ITERATIONS = 200


@dataclass(frozen=True, slots=True)
class ExpectedAPosteriori:
    """EAP: mean and standard deviation of the posterior on the bank's grid. The default."""

    name = "eap"

    def estimate(self, bank: ItemBank, answers: Answers, prior: NormalPrior) -> Estimate:
        """The estimate; without answers that of the prior.

        Examples
        --------
        >>> from cat_engine import GradedItem
        >>> bank = ItemBank((GradedItem("x", 2.0, (0.0,)),))
        >>> ExpectedAPosteriori().estimate(bank, [], NormalPrior(1.0, 0.5)).theta.__round__(6)
        1.0
        """
        rows = [bank.first_rows[position] + code - 1 for position, code in answers]
        table = bank.log_likelihoods.take(np.array(rows, dtype=np.intp), axis=0)
        return expected_a_posteriori(bank.points, posterior(prior.log_density(bank.points), table))


@dataclass(frozen=True, slots=True)
class MaximumAPosteriori:
    """MAP: the posterior's mode, off the grid, with SE = 1 / sqrt(I + 1 / sd^2)."""

    name = "map"

    def estimate(self, bank: ItemBank, answers: Answers, prior: NormalPrior) -> Estimate:
        """The estimate; without answers that of the prior.

        Examples
        --------
        >>> from cat_engine import GradedItem
        >>> bank = ItemBank((GradedItem("x", 2.0, (0.0,)),))
        >>> MaximumAPosteriori().estimate(bank, [], NormalPrior(1.0, 0.5))
        Estimate(theta=1.0, se=0.5)
        """
        likelihood = Likelihood.of(bank, answers)
        precision = prior.sd**-2

        def gradient(theta: float) -> float:
            return _at(likelihood, theta)[0] - precision * (theta - prior.mean)

        theta = _falling_root(gradient, prior.mean - prior.sd, prior.mean + prior.sd)
        return Estimate(theta, (_at(likelihood, theta)[1] + precision) ** -0.5)


@dataclass(frozen=True, slots=True)
class MaximumLikelihood:
    """MLE with fences: two imaginary two-category items, never information, that keep the maximum finite.

    The lower fence is passed and the upper one is not, so the estimate stays between them however extreme the
    answers. The prior plays no part.

    Parameters
    ----------
    lower, upper
        Where the fences stand, in theta units.
    slope
        How steep they are, per theta unit.
    """

    name = "mle"
    lower: float = -5.0
    upper: float = 5.0
    slope: float = 5.0

    def __post_init__(self) -> None:
        _check_bounds(self.lower, self.upper)
        if not (math.isfinite(self.slope) and self.slope > 0):
            raise ValueError("fences need a finite, positive slope")

    def estimate(self, bank: ItemBank, answers: Answers, prior: NormalPrior) -> Estimate:
        """The estimate; without answers the middle, with an infinite standard error.

        Examples
        --------
        >>> from cat_engine import GradedItem
        >>> bank = ItemBank((GradedItem("x", 2.0, (0.0,)),))
        >>> MaximumLikelihood().estimate(bank, [], NormalPrior())
        Estimate(theta=0.0, se=inf)
        """
        likelihood = Likelihood.of(bank, answers)

        def gradient(theta: float) -> float:
            fences = _logistic(-self.slope * (theta - self.lower)) - _logistic(self.slope * (theta - self.upper))
            return _at(likelihood, theta)[0] + self.slope * fences

        theta = _falling_root(gradient, self.lower, self.upper) if answers else (self.lower + self.upper) / 2
        return Estimate(theta, _error(_at(likelihood, theta)[1]))


@dataclass(frozen=True, slots=True)
class WeightedLikelihood:
    """WLE (Warm): solves l' + J / (2 I) = 0, which takes away the first-order bias of the maximum.

    It is finite for every pattern; the bounds only say where to look. The prior plays no part. The graded model can
    have more than one solution: the one with most weighted likelihood is taken.
    """

    name = "wle"
    lower: float = -6.0
    upper: float = 6.0

    def __post_init__(self) -> None:
        _check_bounds(self.lower, self.upper)

    def estimate(self, bank: ItemBank, answers: Answers, prior: NormalPrior) -> Estimate:
        """The estimate; without answers the middle, with an infinite standard error.

        Examples
        --------
        >>> from cat_engine import GradedItem
        >>> bank = ItemBank((GradedItem("x", 2.0, (0.0,)), GradedItem("y", 2.0, (0.0,))))
        >>> WeightedLikelihood().estimate(bank, [(0, 1), (1, 2)], NormalPrior()).theta.__round__(6)
        0.0
        """
        if not answers:
            return Estimate((self.lower + self.upper) / 2, math.inf)
        likelihood = Likelihood.of(bank, answers)

        def gradient(theta: float) -> float:
            return float(_weighted(likelihood.slopes(np.array([theta])))[0])

        low, high = self._bracket(likelihood)
        theta = low if low == high else _root(gradient, low, high)
        return Estimate(theta, _error(_at(likelihood, theta)[1]))

    def _bracket(self, likelihood: Likelihood) -> tuple[float, float]:
        """The cell of a fine grid that holds the best maximum; its end twice when it is at a bound."""
        points = np.linspace(self.lower, self.upper, 241)
        gradient = _weighted(likelihood.slopes(points))
        steps = (gradient[1:] + gradient[:-1]) / 2 * np.diff(points)
        objective = np.concatenate(([0.0], np.cumsum(steps)))
        best = int(objective.argmax())
        for low in (best - 1, best):
            if 0 <= low < len(points) - 1 and gradient[low] >= 0 >= gradient[low + 1]:
                return float(points[low]), float(points[low + 1])
        return float(points[best]), float(points[best])


def _at(likelihood: Likelihood, theta: float) -> tuple[float, float]:
    slopes = likelihood.slopes(np.array([theta]))
    return float(slopes.score[0]), float(slopes.information[0])


def _weighted(slopes: Slopes) -> Array:
    # Where no information is left the ratio is undefined; there the likelihood is flat and says nothing.
    ratio = np.divide(slopes.bias, 2 * slopes.information, out=np.zeros_like(slopes.bias), where=slopes.information > 0)
    weighted: Array = slopes.score + ratio
    return weighted


def _error(information: float) -> float:
    return information**-0.5 if information > 0 else math.inf


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _check_bounds(lower: float, upper: float) -> None:
    if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
        raise ValueError("an estimator needs a finite lower bound below a finite upper one")


def _falling_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that only falls is zero; the ends are moved out until they hold it."""
    width = high - low
    while function(low) < 0:
        low, width = low - width, 2 * width
    while function(high) > 0:
        high, width = high + width, 2 * width
    return _root(function, low, high)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Ridders' method: a bracket that always shrinks by half, and converges quadratically near the root."""
    at_low, at_high = function(low), function(high)
    last = math.inf
    for _ in range(_ITERATIONS):
        middle = (low + high) / 2
        at_middle = function(middle)
        scale = math.sqrt(at_middle**2 - at_low * at_high)
        if scale == 0:
            return middle
        new = middle + (middle - low) * at_middle / scale
        if abs(new - last) < _ROOT_TOLERANCE or high - low < _ROOT_TOLERANCE:
            return new
        last = new
        for point, value in ((middle, at_middle), (new, function(new))):
            if value == 0:
                return point
            if low < point < high:
                low, at_low, high, at_high = (point, value, high, at_high) if value > 0 else (low, at_low, point, value)
    return last


Estimator = ExpectedAPosteriori | MaximumAPosteriori | MaximumLikelihood | WeightedLikelihood

EAP = ExpectedAPosteriori()

ESTIMATORS: dict[str, Estimator] = {
    estimator.name: estimator for estimator in (EAP, MaximumAPosteriori(), MaximumLikelihood(), WeightedLikelihood())
}
