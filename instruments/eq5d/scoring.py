"""The scores of one EQ-5D response: profile, index, EQ VAS, level sum and level frequency.

An index and the severity scores need all five dimensions: nothing is imputed. For groups see `change` and
`distribution`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from instruments.answers import Answered, AnswerKind, MissingReason, Score
from instruments.eq5d.profile import BEST_VAS, DIMENSIONS, MISSING_LEVEL, MISSING_VAS, Profile, Version
from instruments.eq5d.valuation import Valuation

VAS = "vas"
ITEM_IDS = (*DIMENSIONS, VAS)
PROFILE_ALGORITHM = "eq5d-profile/1"
INDEX_ALGORITHM = "eq5d-index/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Eq5d:
    """EQ-5D of one version, with the value set that its definition names, or None where the country has none."""

    version: Version
    value_set: Valuation | None
    prefix: str
    method: str
    method_hash: str

    def __post_init__(self) -> None:
        if self.value_set is not None and self.value_set.version is not self.version:
            raise ValueError(f"{self.value_set.id} values EQ-5D-{self.value_set.version}, not {self.version}")

    @property
    def variable_names(self) -> tuple[str, ...]:
        """Without a value set there is no index in the catalogue, rather than one that is always missing."""
        names = ("profile", *(() if self.value_set is None else ("index",)), "vas", "lss", "lfs")
        return tuple(f"{self.prefix}.{name}" for name in names)

    def score(self, answers: Mapping[str, Answered]) -> tuple[Score, ...]:
        """All variables, in their order; what is missing says why."""
        profile = Profile(self.version, tuple(self._level(answers, dimension) for dimension in DIMENSIONS))
        missing = self._first_reason(answers, DIMENSIONS)
        index = () if self.value_set is None else (self._index(self.value_set, profile, missing),)
        vas, vas_missing = _read(answers, VAS, missing_code=MISSING_VAS, lowest=0, highest=BEST_VAS)
        return (
            self._score("profile", text=str(profile), missing_reason=missing),
            *index,
            self._score("vas", value=vas, missing_reason=vas_missing),
            self._score("lss", value=profile.level_sum, missing_reason=missing),
            self._score("lfs", text=profile.level_frequency, missing_reason=missing),
        )

    def _level(self, answers: Mapping[str, Answered], dimension: str) -> int | None:
        return self._read_level(answers, dimension)[0]

    def _first_reason(self, answers: Mapping[str, Answered], dimensions: tuple[str, ...]) -> MissingReason | None:
        """Why the first of the dimensions that lacks a level lacks it; None when all have one."""
        reasons = (self._read_level(answers, dimension)[1] for dimension in dimensions)
        return next((reason for reason in reasons if reason is not None), None)

    def _read_level(self, answers: Mapping[str, Answered], dimension: str) -> tuple[int | None, MissingReason | None]:
        return _read(answers, dimension, missing_code=MISSING_LEVEL, lowest=1, highest=self.version.levels)

    def _index(self, value_set: Valuation, profile: Profile, missing: MissingReason | None) -> Score:
        levels = profile.complete
        return Score(
            variable=f"{self.prefix}.index",
            value=None if levels is None else float(value_set.index(levels)),
            missing_reason=missing,
            method=f"value set {value_set.id}, {value_set.reference}",
            method_hash=value_set.content_hash,
            algorithm=INDEX_ALGORITHM,
        )

    def _score(
        self,
        name: str,
        *,
        value: float | None = None,
        text: str | None = None,
        missing_reason: MissingReason | None,
    ) -> Score:
        return Score(
            variable=f"{self.prefix}.{name}",
            value=value,
            text=text,
            missing_reason=missing_reason,
            method=self.method,
            method_hash=self.method_hash,
            algorithm=PROFILE_ALGORITHM,
        )


def _read(
    answers: Mapping[str, Answered], item_id: str, *, missing_code: int, lowest: int, highest: int
) -> tuple[int | None, MissingReason | None]:
    """The number that was answered, or why there is none. EuroQol's code for missing says no more than that."""
    answer = answers.get(item_id)
    if answer is None:
        return None, MissingReason.UNANSWERED
    if answer.kind is not AnswerKind.VALUE:
        return None, MissingReason(answer.kind.value)
    if answer.value == missing_code:
        return None, MissingReason.UNANSWERED
    if not isinstance(answer.value, int) or not lowest <= answer.value <= highest:
        return None, MissingReason.OUT_OF_RANGE
    return answer.value, None
