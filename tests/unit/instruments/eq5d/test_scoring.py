"""The scores of one response: what there is, and why something is missing."""

import pytest

from instruments import Answered, AnswerKind, Score
from instruments.eq5d import DIMENSIONS, Eq5d, Version, value_set_by_id

SWEDEN = value_set_by_id("SE-2020-TTO")


def eq5d_of(version: Version, set_id: str | None) -> Eq5d:
    return Eq5d(
        version=version,
        value_set=None if set_id is None else value_set_by_id(set_id),
        prefix="eq",
        method="eq5d 1.0",
        method_hash="sha256:form",
    )


FIVE_LEVEL = eq5d_of(Version.FIVE_LEVEL, "SE-2020-TTO")


def scores(
    profile: str, *, vas: int | AnswerKind = 70, eq5d: Eq5d = FIVE_LEVEL, **kinds: AnswerKind
) -> dict[str, Score]:
    """Of five digits; a named dimension has that kind of no answer instead."""
    answers = {d: Answered(d, int(digit), AnswerKind.VALUE) for d, digit in zip(DIMENSIONS, profile, strict=True)}
    answers |= {dimension: Answered(dimension, None, kind) for dimension, kind in kinds.items()}
    answers["vas"] = (
        Answered("vas", None, vas) if isinstance(vas, AnswerKind) else Answered("vas", vas, AnswerKind.VALUE)
    )
    return {score.variable: score for score in eq5d.score(answers)}


def test_a_whole_response_has_all_five_scores() -> None:
    found = scores("11232", vas=65)
    assert tuple(found) == FIVE_LEVEL.variable_names == ("eq.profile", "eq.index", "eq.vas", "eq.lss", "eq.lfs")
    assert (found["eq.profile"].text, found["eq.lfs"].text) == ("11232", "22100")
    assert (found["eq.index"].value, found["eq.vas"].value, found["eq.lss"].value) == (0.8453, 65, 9)
    assert all(score.missing_reason is None for score in found.values())


def test_an_index_names_the_set_that_made_it_and_its_content() -> None:
    """D3: value set and scoring version travel with the score."""
    index = scores("11111")["eq.index"]
    assert (index.value, index.method) == (0.9755, "value set SE-2020-TTO, doi:10.1007/s40273-020-00905-7")
    assert (index.method_hash, index.algorithm) == (SWEDEN.content_hash, "eq5d-index/1")


@pytest.mark.parametrize(
    "kind", [AnswerKind.SKIPPED, AnswerKind.AMBIGUOUS, AnswerKind.OUT_OF_RANGE, AnswerKind.NOT_APPLICABLE]
)
def test_a_partial_profile_is_kept_with_nines_and_nothing_is_imputed(kind: AnswerKind) -> None:
    """D4: what is missing is kept as missing, with its reason."""
    found = scores("12111", self_care=kind)
    assert (found["eq.profile"].text, found["eq.profile"].missing_reason) == ("19111", kind.value)
    for name in ("eq.index", "eq.lss", "eq.lfs"):
        assert (found[name].value, found[name].text, found[name].missing_reason) == (None, None, kind.value)
    assert (found["eq.vas"].value, found["eq.vas"].missing_reason) == (70, None)


def test_the_first_missing_dimension_gives_the_reason() -> None:
    found = scores("11111", pain_discomfort=AnswerKind.SKIPPED, self_care=AnswerKind.AMBIGUOUS)
    assert found["eq.index"].missing_reason == "ambiguous"
    assert found["eq.profile"].text == "19191"


@pytest.mark.parametrize("vas", [AnswerKind.SKIPPED, AnswerKind.AMBIGUOUS, AnswerKind.OUT_OF_RANGE])
def test_a_missing_vas_leaves_the_index_alone(vas: AnswerKind) -> None:
    found = scores("11111", vas=vas)
    assert found["eq.index"].value == 0.9755
    assert (found["eq.vas"].value, found["eq.vas"].missing_reason) == (None, vas.value)


def test_the_codes_9_and_999_are_read_as_missing() -> None:
    found = scores("19111", vas=999)
    assert (found["eq.profile"].text, found["eq.profile"].missing_reason) == ("19111", "unanswered")
    assert (found["eq.vas"].value, found["eq.vas"].missing_reason) == (None, "unanswered")


@pytest.mark.parametrize("level", [0, 4, 5, 6])
def test_a_level_that_the_version_does_not_have_is_out_of_range(level: int) -> None:
    found = scores(f"1{level}111", eq5d=eq5d_of(Version.THREE_LEVEL, "SE-2014-TTO"))
    assert (found["eq.profile"].text, found["eq.index"].missing_reason) == ("19111", "out_of_range")


@pytest.mark.parametrize("vas", [-1, 101])
def test_a_vas_beyond_its_ends_is_out_of_range(vas: int) -> None:
    assert scores("11111", vas=vas)["eq.vas"].missing_reason == "out_of_range"


def test_what_was_never_asked_is_unanswered() -> None:
    found = FIVE_LEVEL.score({})
    assert found[0].text == "99999"
    assert {score.missing_reason for score in found} == {"unanswered"}


def test_a_version_without_a_set_has_no_index_and_keeps_the_profile() -> None:
    """The Swedish form for children: the profile is all there is."""
    found = scores("13211", eq5d=eq5d_of(Version.YOUTH_THREE_LEVEL, None))
    assert tuple(found) == ("eq.profile", "eq.vas", "eq.lss", "eq.lfs")
    assert (found["eq.profile"].text, found["eq.lfs"].text, found["eq.lss"].value) == ("13211", "311", 8)


def test_a_crosswalk_can_value_a_form() -> None:
    index = scores("11112", eq5d=eq5d_of(Version.FIVE_LEVEL, "UK-1997-TTO/CW"))["eq.index"]
    assert index.value == 0.879404
    assert index.method.startswith("value set UK-1997-TTO/CW, doi:10.1016/j.jval.2012.02.008 with doi:10.1097/")


def test_a_set_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="SE-2014-TTO values EQ-5D-3L, not 5L"):
        eq5d_of(Version.FIVE_LEVEL, "SE-2014-TTO")
