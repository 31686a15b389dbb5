"""How well an adaptive bank measures with some of its items, by simulation.

For whoever decides whether a language with part of a bank is good enough. Not for scoring anybody.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from statistics import NormalDist

from cat_engine import AdaptiveTest
from cat_engine.simulation import simulate

# People in the simulation, at even steps of the distribution that the bank's metric was set by, and their seed: two who
# look at one bank see one precision.
_PEOPLE = 400
_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Precision:
    """Mean standard error (theta metric) with so many of the items, and with all of them."""

    items: int
    of_items: int
    mean_se: float
    mean_se_of_all: float

    def __str__(self) -> str:
        return (
            f"with {self.items} of {self.of_items} items, mean SE {self.mean_se:.2f} against {self.mean_se_of_all:.2f}"
        )


def expected_precision(test: AdaptiveTest, eligible: AbstractSet[str]) -> Precision:
    """The precision to be expected where only these items can be asked.

    Raises
    ------
    ValueError
        If none of the bank's items is among them.
    """
    known = frozenset(test.bank.item_ids) & eligible
    if not known:
        raise ValueError("no item of the bank can be asked")
    of_all = _mean_se(test, frozenset(test.bank.item_ids))
    some = of_all if len(known) == len(test.bank.items) else _mean_se(test, known)
    return Precision(len(known), len(test.bank.items), some, of_all)


def _mean_se(test: AdaptiveTest, items: frozenset[str]) -> float:
    people = [NormalDist().inv_cdf((place + 0.5) / _PEOPLE) for place in range(_PEOPLE)]
    return float(simulate(test, people, seed=_SEED, available=items).se.mean())
