"""Where a person stands, given the answers: the expected a posteriori (EAP) estimate on an explicit grid.

For estimation only: not for choosing items or deciding when to stop. All sums of likelihoods are made in
logarithms, since products underflow with 165 items or slopes above 7.

References
----------
Bock, R. D., & Mislevy, R. J. (1982). Adaptive EAP estimation of ability in a microcomputer environment.
*Applied Psychological Measurement*, 6(4), 431-444. doi:10.1177/014662168200600405
"""

import math
from dataclasses import dataclass

import numpy as np

from cat_engine.graded_response import Array


@dataclass(frozen=True, slots=True)
class Grid:
    """Equally spaced values of theta, both ends included; 81 points from -4 to 4 are those of PROMIS."""

    minimum: float = -4.0
    maximum: float = 4.0
    count: int = 81

    def __post_init__(self) -> None:
        if not (math.isfinite(self.minimum) and math.isfinite(self.maximum) and self.minimum < self.maximum):
            raise ValueError("a grid needs a finite minimum below a finite maximum")
        if self.count < 3:
            raise ValueError("a grid needs at least 3 points")

    def points(self) -> Array:
        """Shape (count,), increasing, in theta units."""
        return np.linspace(self.minimum, self.maximum, self.count)


PROMIS_GRID = Grid()


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """What is believed of theta before the first answer: normal, cut off at the grid's ends."""

    mean: float = 0.0
    sd: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean):
            raise ValueError("a prior needs a finite mean")
        if not (math.isfinite(self.sd) and self.sd > 0):
            raise ValueError("a prior needs a finite, positive standard deviation")

    def log_density(self, points: Array) -> Array:
        """Logarithm of the density at the points, up to a constant; shape as given."""
        density: Array = -0.5 * ((points - self.mean) / self.sd) ** 2
        return density


STANDARD_NORMAL = NormalPrior()

# A score from an earlier occasion says where to start looking, not what the answer is: people change. So its mean
# is kept where the bank measures, and its spread at least half of the population's.
CARRIED_MEAN_LIMIT = 3.0
CARRIED_SD_MINIMUM = 0.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """A position on the bank's metric and how sure it is.

    ``theta`` and ``se`` are in standard deviations of the reference population; ``t`` and ``t_se`` on the
    T metric (mean 50, standard deviation 10).
    """

    theta: float
    se: float

    @property
    def t(self) -> float:
        """T = 50 + 10 theta."""
        return 50.0 + 10.0 * self.theta

    @property
    def t_se(self) -> float:
        """Standard error in T points: 10 se."""
        return 10.0 * self.se


def carried_over(earlier: Estimate) -> NormalPrior:
    """A prior from an earlier occasion's estimate, clamped; meant to steer item selection, never to score.

    Examples
    --------
    >>> carried_over(Estimate(theta=3.4, se=0.2))
    NormalPrior(mean=3.0, sd=0.5)
    """
    mean = min(max(earlier.theta, -CARRIED_MEAN_LIMIT), CARRIED_MEAN_LIMIT)
    return NormalPrior(mean, max(earlier.se, CARRIED_SD_MINIMUM))


def posterior(log_prior: Array, log_likelihoods: Array) -> Array:
    """Weights of the grid points after the answers.

    .. math:: w_q \\propto \\exp(\\log \\pi(\\theta_q) + \\sum_j \\log P_j(x_j \\mid \\theta_q))

    Parameters
    ----------
    log_prior
        Shape (Q,), up to a constant.
    log_likelihoods
        One row per answered item, shape (n, Q); n may be 0.

    Returns
    -------
    Array
        Shape (Q,), non-negative, sum one.
    """
    weights: Array = np.add.reduce(log_likelihoods, axis=0)
    weights += log_prior
    weights -= np.maximum.reduce(weights)
    np.exp(weights, out=weights)
    weights /= np.add.reduce(weights)
    return weights


def expected_a_posteriori(points: Array, weights: Array) -> Estimate:
    """Mean and standard deviation of the posterior (Bock & Mislevy 1982).

    Parameters
    ----------
    points, weights
        Grid and posterior, both of shape (Q,).

    Returns
    -------
    Estimate
        ``theta`` is the mean, ``se`` the standard deviation around it.

    Examples
    --------
    >>> expected_a_posteriori(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    Estimate(theta=0.0, se=1.0)
    """
    theta = float(points.dot(weights))
    deviations = points - theta
    deviations *= deviations
    return Estimate(theta, math.sqrt(float(deviations.dot(weights))))
