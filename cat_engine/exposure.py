"""Exposure control: so that a few informative items are not asked of everybody.

For narrowing or randomising the choice, repeatably from a session's seed. Not for content, which is `constraints`.

References
----------
Kingsbury, G. G., & Zara, A. R. (1989). Procedures for selecting items for computerized adaptive tests. *Applied
Measurement in Education*, 2(4), 359-375. doi:10.1207/s15324818ame0204_6

van der Linden, W. J., & Veldkamp, B. P. (2004). Constraining item exposure in computerized adaptive testing with
shadow tests. *Journal of Educational and Behavioral Statistics*, 29(3), 273-291. doi:10.3102/10769986029003273
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cat_engine.bank import BankError, ItemBank
from cat_engine.graded_response import Array

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Randomesque:
    """Choose at random among the best few, instead of the best (Kingsbury & Zara 1989).

    The criterion still ranks: the items drawn from are the best, never the worst.
    """

    among: int

    def __post_init__(self) -> None:
        if self.among < 2:
            raise ValueError("randomesque selection is among at least 2 items")


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Each item is eligible for a session with a probability, drawn once a session (van der Linden & Veldkamp 2004).

    Parameters
    ----------
    probabilities
        By item id; an item that is not named is always eligible.
    """

    probabilities: Mapping[str, float]

    def __post_init__(self) -> None:
        if not all(0 <= probability <= 1 for probability in self.probabilities.values()):
            raise ValueError("an eligibility is a probability between 0 and 1")

    def of(self, bank: ItemBank) -> Array:
        """The probabilities in the bank's order, shape (items,)."""
        if unknown := set(self.probabilities).difference(bank.index):
            raise BankError(f"eligibility is given for {min(unknown)!r}, which is not in the bank")
        return np.array([self.probabilities.get(item_id, 1.0) for item_id in bank.item_ids])

    def updated(self, bank: ItemBank, *, asked: Array, eligible: Array, maximum_rate: float) -> "Eligibility":
        """The next probabilities, after sessions in which the items were eligible and asked so often.

        .. math:: P'(E_i) = \\min(1, \\; r_{max} \\, \\varepsilon_i / \\alpha_i)

        Parameters
        ----------
        asked, eligible
            Numbers of sessions, shape (items,).
        maximum_rate
            The largest exposure wanted, as a proportion of sessions.

        Examples
        --------
        >>> from cat_engine import GradedItem
        >>> bank = ItemBank((GradedItem("x", 2.0, (0.0,)),))
        >>> Eligibility({}).updated(bank, asked=np.array([80.0]), eligible=np.array([100.0]), maximum_rate=0.4)
        Eligibility(probabilities={'x': 0.5})
        """
        if not 0 < maximum_rate <= 1:
            raise ValueError("a maximum exposure rate lies between 0 and 1")
        now = np.ones(len(bank.items))
        np.divide(maximum_rate * eligible, asked, out=now, where=asked > 0)
        return Eligibility(dict(zip(bank.item_ids, np.minimum(now, 1.0).tolist(), strict=True)))


Exposure = Randomesque | Eligibility


def eligible_items(probabilities: Array, draws: Array) -> Mask:
    """Which items are eligible: shape as the draws, (..., items)."""
    drawn: Mask = draws < probabilities
    return drawn
