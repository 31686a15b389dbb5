"""EQ-5D as an instrument: whole, in fixed order, and nothing made up for what is missing. Figures are in ``eq5d/``."""

from pathlib import Path

import pytest

from instruments import (
    Answered,
    AnswerKind,
    AnswerNotAccepted,
    AnswerValue,
    Ask,
    Complete,
    DefinitionError,
    Instrument,
    Library,
    NotAdaptive,
    WordingIncomplete,
)
from instruments.eq5d import Eq5d
from tests.unit.instruments.tiny import answered, answers_of, next_of, path_of, scores_of

VERSIONS = {"eq5d-3l": ("eq5d3l", 3), "eq5d-5l": ("eq5d5l", 5), "eq5d-y-3l": ("eq5dy3l", 3)}
DIMENSIONS = ("mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression")
ORDER = [*DIMENSIONS, "vas"]
REASONS = ["skipped", "ambiguous", "out_of_range"]

Given = dict[str, AnswerValue | AnswerKind]


def _given(levels: int = 1, **changes: int | AnswerKind) -> Given:
    return {**dict.fromkeys(DIMENSIONS, levels), "vas": 70, **changes}


def _prefix(instrument: Instrument) -> str:
    return VERSIONS[instrument.id][0]


@pytest.mark.parametrize("id_", VERSIONS)
def test_eq5d_is_asked_whole_and_in_fixed_order(library: Library, id_: str) -> None:
    """D1"""
    assert path_of(library.latest(id_), _given(3)) == ORDER
    assert next_of(library.latest(id_), _given(3)) == Complete("all_asked")


@pytest.mark.parametrize("id_", VERSIONS)
def test_asking_the_adaptive_engine_to_run_eq5d_raises(library: Library, id_: str) -> None:
    """D1"""
    with pytest.raises(NotAdaptive, match=f"^{id_} is given whole and in fixed order, never adaptively$"):
        library.latest(id_).adaptive_test()


@pytest.mark.parametrize("id_", VERSIONS)
def test_a_definition_that_makes_eq5d_adaptive_is_refused(copied: Path, id_: str) -> None:
    """D1"""
    path = copied / id_ / "1.0" / "definition.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"fixed"', '"adaptive"'), encoding="utf-8")
    with pytest.raises(DefinitionError, match="administration: EQ-5D is given whole"):
        Library.load(copied)


@pytest.mark.parametrize("id_", VERSIONS)
def test_eq5d_is_not_given_at_all_when_a_part_of_it_may_not_be_shown(library: Library, id_: str) -> None:
    """D1, E2"""
    with pytest.raises(WordingIncomplete, match="item vas may not be shown"):
        library.latest(id_).next_step([], eligible=frozenset(DIMENSIONS))


def test_a_skipped_question_is_passed_and_not_asked_again(eq5d: Instrument) -> None:
    step = next_of(eq5d, {"mobility": AnswerKind.SKIPPED})
    assert isinstance(step, Ask)
    assert (step.item.id, step.position) == ("self_care", 2)


def test_the_youth_version_has_no_index_in_sweden_and_keeps_the_profile(library: Library) -> None:
    youth = library.latest("eq5d-y-3l")
    names = [variable.name for variable in youth.variables]
    assert names == ["eq5dy3l.profile", "eq5dy3l.vas", "eq5dy3l.lss", "eq5dy3l.lfs"]
    scores = scores_of(youth, _given(2))
    assert scores["eq5dy3l.profile"].text == "22222"
    assert list(scores) == names


@pytest.mark.parametrize("kind", REASONS)
@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("id_", VERSIONS)
def test_a_missing_dimension_leaves_the_profile_with_a_nine_and_nothing_made_up(
    library: Library, id_: str, dimension: str, kind: str
) -> None:
    instrument = library.latest(id_)
    prefix = _prefix(instrument)
    scores = scores_of(instrument, _given(2, **{dimension: AnswerKind(kind)}))
    expected = "".join("9" if each == dimension else "2" for each in DIMENSIONS)
    assert (scores[f"{prefix}.profile"].text, scores[f"{prefix}.profile"].missing_reason) == (expected, kind)
    for name in {"index", "lss", "lfs"} & {name.rpartition(".")[2] for name in scores}:
        score = scores[f"{prefix}.{name}"]
        assert (score.value, score.text, score.missing_reason) == (None, None, kind)
    assert scores[f"{prefix}.vas"].value == 70


@pytest.mark.parametrize("kind", REASONS)
@pytest.mark.parametrize("id_", VERSIONS)
def test_a_missing_vas_says_why_and_leaves_the_rest_alone(library: Library, id_: str, kind: str) -> None:
    instrument = library.latest(id_)
    prefix = _prefix(instrument)
    scores = scores_of(instrument, _given(1, vas=AnswerKind(kind)))
    assert (scores[f"{prefix}.vas"].value, scores[f"{prefix}.vas"].missing_reason) == (None, kind)
    assert scores[f"{prefix}.profile"].text == "11111"
    assert all(score.missing_reason is None for name, score in scores.items() if not name.endswith(".vas"))


@pytest.mark.parametrize("id_", VERSIONS)
def test_what_was_never_asked_is_unanswered(library: Library, id_: str) -> None:
    scores = library.latest(id_).score([])
    assert scores[0].text == "99999"
    assert {score.missing_reason for score in scores} == {"unanswered"}


@pytest.mark.parametrize(("item", "code"), [*((dimension, 9) for dimension in DIMENSIONS), ("vas", 999)])
@pytest.mark.parametrize("id_", VERSIONS)
def test_the_codes_for_missing_are_no_answers_of_a_form(library: Library, id_: str, item: str, code: int) -> None:
    """B12: whoever brings in older data reads them as missing first; a form that sends them is refused."""
    with pytest.raises(AnswerNotAccepted, match=f"item {item}: the answer is not one that it takes"):
        library.latest(id_).score([answered(item, code)])


@pytest.mark.parametrize("id_", VERSIONS)
def test_a_level_that_the_version_does_not_have_is_refused(library: Library, id_: str) -> None:
    """B12"""
    instrument = library.latest(id_)
    worst = VERSIONS[id_][1]
    assert scores_of(instrument, _given(worst))[f"{_prefix(instrument)}.lss"].value == 5 * worst
    for level in (0, worst + 1, -1):
        with pytest.raises(AnswerNotAccepted):
            scores_of(instrument, _given(level))


def test_the_swedish_value_sets_are_the_experience_based_ones(library: Library) -> None:
    """D3: the best and the worst state by the sets of 2014 and 2020."""
    ends = [
        scores_of(library.latest(id_), _given(level))[f"{VERSIONS[id_][0]}.index"].value
        for id_, level in (("eq5d-3l", 1), ("eq5d-3l", 3), ("eq5d-5l", 1), ("eq5d-5l", 5))
    ]
    assert ends == [0.9694, 0.3402, 0.9755, 0.2433]


@pytest.mark.parametrize("id_", ["eq5d-3l", "eq5d-5l"])
def test_the_catalogue_tells_the_range_of_the_index(library: Library, id_: str) -> None:
    """B8"""
    instrument = library.latest(id_)
    variable = next(each for each in instrument.variables if each.name.endswith(".index"))
    best, worst = (scores_of(instrument, _given(level))[variable.name].value for level in (1, VERSIONS[id_][1]))
    assert (variable.minimum, variable.maximum) == (worst, best)


@pytest.mark.parametrize("id_", VERSIONS)
def test_the_codes_for_missing_in_older_data_are_missing_to_the_scoring(library: Library, id_: str) -> None:
    """EuroQol's 9 and 999, when somebody hands them to the scoring itself: no level, and no VAS of 999."""
    instrument = library.latest(id_)
    scoring = instrument.scoring
    assert isinstance(scoring, Eq5d)
    scores = {score.variable: score for score in scoring.score(_older(mobility=9, vas=999))}
    prefix = _prefix(instrument)
    assert (scores[f"{prefix}.profile"].text, scores[f"{prefix}.profile"].missing_reason) == ("91111", "unanswered")
    assert (scores[f"{prefix}.vas"].value, scores[f"{prefix}.vas"].missing_reason) == (None, "unanswered")
    assert scores[f"{prefix}.lss"].value is None


def _older(**changes: int) -> dict[str, Answered]:
    return {answer.item_id: answer for answer in answers_of(_given(1, **changes))}
