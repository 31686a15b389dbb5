"""The scores of an EQ-5D-5L response: profile, index, level sum score and EQ VAS.

For one response. An index and a sum need all five dimensions: nothing is imputed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from instruments.answers import Answered, AnswerKind, MissingReason, Score
from instruments.eq5d.profile import DIMENSIONS, Profile
from instruments.eq5d.value_set import ValueSet

VAS = "vas"
ITEM_IDS = (*DIMENSIONS, VAS)
PROFILE_ALGORITHM = "eq5d-5l-profile/1"
INDEX_ALGORITHM = "eq5d-5l-index/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Eq5d5l:
    """EQ-5D-5L with the value set that its definition names."""

    value_set: ValueSet
    prefix: str
    method: str
    method_hash: str

    @property
    def variable_names(self) -> tuple[str, ...]:
        return tuple(f"{self.prefix}.{name}" for name in ("profile", "index", "vas", "lss"))

    def score(self, answers: Mapping[str, Answered]) -> tuple[Score, ...]:
        """Profile, index, VAS and level sum; what is missing says why."""
        profile = Profile(tuple(_value(answers, dimension) for dimension in DIMENSIONS))
        missing = _missing_reason(answers, DIMENSIONS)
        return (
            self._score("profile", text=str(profile), missing_reason=missing),
            self._index(profile, missing),
            self._score("vas", value=_value(answers, VAS), missing_reason=_missing_reason(answers, (VAS,))),
            self._score("lss", value=profile.level_sum, missing_reason=missing),
        )

    def _index(self, profile: Profile, missing: MissingReason | None) -> Score:
        levels = profile.complete
        return Score(
            variable=f"{self.prefix}.index",
            value=None if levels is None else float(self.value_set.index(levels)),
            missing_reason=missing,
            method=f"value set {self.value_set.id}, doi:{self.value_set.doi}",
            method_hash=self.value_set.content_hash,
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


def _value(answers: Mapping[str, Answered], item_id: str) -> int | None:
    return answers[item_id].value if item_id in answers else None


def _missing_reason(answers: Mapping[str, Answered], item_ids: tuple[str, ...]) -> MissingReason | None:
    """Why the first of the items that lacks a value lacks it; None when all have one."""
    for item_id in item_ids:
        if item_id not in answers:
            return MissingReason.UNANSWERED
        match answers[item_id].kind:
            case AnswerKind.SKIPPED:
                return MissingReason.SKIPPED
            case AnswerKind.NOT_APPLICABLE:
                return MissingReason.NOT_APPLICABLE
            case AnswerKind.VALUE:
                pass
    return None
