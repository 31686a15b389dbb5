"""What a simulation says of a test: recovery, precision, length, exposure and overlap, overall and by theta.

For figures. The sessions come from `simulation`; `report` and `plots` show them.

References
----------
Chen, S.-Y., Ankenmann, R. D., & Spray, J. A. (2003). The relationship between item exposure and test overlap in
computerized adaptive testing. *Journal of Educational Measurement*, 40(2), 129-145.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cat_engine.graded_response import Array
from cat_engine.simulation import Sessions
from cat_engine.simulation_nodes import REASONS
from cat_engine.stopping import StopReason

BANDS = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Where the reference theta is cut, in theta units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of a group of people. Differences are estimate minus reference, in theta units.

    Attributes
    ----------
    label : str
        The group.
    people : int
        Its size.
    bias, rmse : float
        Mean difference, and root of the mean squared difference.
    mean_se : float
        Mean of the reported standard errors.
    coverage : float
        Proportion whose reference lies within 1.96 standard errors of the estimate.
    mean_items : float
        Mean number of answers.
    overlap : float
        Expected proportion of a test that two people of the group have in common; NaN for fewer than two.
    """

    label: str
    people: int
    bias: float
    rmse: float
    mean_se: float
    coverage: float
    mean_items: float
    overlap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Of a simulation: overall, by band of theta, by item, and why sessions ended."""

    overall: Figures
    bands: tuple[Figures, ...]
    correlation: float
    exposure: dict[str, float]
    reasons: dict[StopReason, int]


def summarise(sessions: Sessions) -> Summary:
    """The figures of a simulation of at least one person.

    Examples
    --------
    >>> from cat_engine import AdaptiveTest, GradedItem, ItemBank, PROMIS_ADULT
    >>> from cat_engine.simulation import simulate
    >>> bank = ItemBank(tuple(GradedItem(f"i{n}", 3.0, (-1.0, 0.0, 1.0)) for n in range(4)))
    >>> summary = summarise(simulate(AdaptiveTest(bank, PROMIS_ADULT), np.zeros(50)))
    >>> summary.overall.mean_items, summary.overall.overlap, summary.exposure["i0"]
    (4.0, 1.0, 1.0)
    """
    if not len(sessions.theta):
        raise ValueError("nobody was simulated")
    groups = np.digitize(sessions.reference, BANDS)
    exposed = exposure_counts(sessions, np.ones(len(sessions.theta), dtype=np.bool_)) / len(sessions.theta)
    counts = Counter(sessions.reason_codes.tolist())
    return Summary(
        overall=_figures(sessions, np.ones(len(groups), dtype=np.bool_), "all"),
        bands=tuple(
            _figures(sessions, groups == band, _label(band)) for band in range(len(BANDS) + 1) if (groups == band).any()
        ),
        correlation=_correlation(sessions.theta, sessions.reference),
        exposure=dict(zip(sessions.test.bank.item_ids, exposed.tolist(), strict=True)),
        reasons={reason: counts[code] for code, reason in enumerate(REASONS) if counts[code]},
    )


def exposure_counts(sessions: Sessions, group: npt.NDArray[np.bool_]) -> Array:
    """How many of these people were asked each item, skipped ones included: shape (items,)."""
    asked = sessions.items[group]
    counts = np.bincount(asked[asked >= 0].astype(np.intp), minlength=len(sessions.test.bank.items))
    return counts.astype(float)


def overlap(counts: Array, people: int) -> float:
    """Expected proportion of items that two people have in common (Chen, Ankenmann & Spray 2003).

    .. math:: \\frac{\\sum_i m_i (m_i - 1)}{\\bar L N (N - 1)}

    with :math:`m_i` the people asked item i, N the people and :math:`\\bar L` the mean length.

    Examples
    --------
    >>> overlap(np.array([2.0, 1.0, 1.0]), people=2)
    0.5
    """
    if people < 2 or not counts.any():
        return float("nan")
    length = counts.sum() / people
    return float((counts * (counts - 1)).sum() / (length * people * (people - 1)))


def _figures(sessions: Sessions, group: npt.NDArray[np.bool_], label: str) -> Figures:
    error = sessions.theta[group] - sessions.reference[group]
    se = sessions.se[group]
    people = int(group.sum())
    return Figures(
        label=label,
        people=people,
        bias=float(error.mean()),
        rmse=float(np.sqrt((error**2).mean())),
        mean_se=float(se.mean()),
        coverage=float((np.abs(error) <= 1.96 * se).mean()),
        mean_items=float(sessions.answered[group].mean()),
        overlap=overlap(exposure_counts(sessions, group), people),
    )


def _label(band: int) -> str:
    if band == 0:
        return f"below {BANDS[0]:g}"
    if band == len(BANDS):
        return f"{BANDS[-1]:g} and above"
    return f"{BANDS[band - 1]:g} to {BANDS[band]:g}"


def _correlation(one: Array, other: Array) -> float:
    if len(one) < 2 or not (one.std() > 0 and other.std() > 0):
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
