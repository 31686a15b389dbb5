"""The share of people who gave one of the best answers.

For a group. One person's value is 100 or 0 (`declared.TopBoxRule`); whose answer is missing is in neither figure.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from instruments.answers import Score

IN_THE_BOX = 100.0


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many who answered."""

    numerator: int
    denominator: int

    @property
    def percentage(self) -> float | None:
        """None when nobody answered: no share is not a share of nought."""
        return 100 * self.numerator / self.denominator if self.denominator else None


def top_box_share(scores: Iterable[Score]) -> Share:
    """The top-box percentage of a group, as numerator and denominator [B11].

    Parameters
    ----------
    scores
        One variable's scores, one for each person.

    Examples
    --------
    >>> answers = (100, 100, 0, None)
    >>> of = dict(variable="x", method="m", method_hash="h", algorithm="a")
    >>> group = [Score(**of, value=v, missing_reason=None if v is not None else "skipped") for v in answers]
    >>> round(top_box_share(group).percentage, 1)
    66.7
    """
    values = [score.value for score in scores if score.value is not None]
    return Share(sum(value == IN_THE_BOX for value in values), len(values))
