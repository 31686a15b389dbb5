"""EQ-5D-5L: every state of the Swedish set of 2020, and nothing for what is missing.

``data/eq5d5l_sweden_2020.csv``: all 3,125 states with their index (Burström et al. 2020,
doi:10.1007/s40273-020-00905-7), on which two independent implementations agree.
"""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from instruments import Answered, AnswerKind, Instrument, Score
from instruments.eq5d import DIMENSIONS, Eq5d5l, Profile, ValueSet

FIGURES = Path(__file__).parent / "data" / "eq5d5l_sweden_2020.csv"
REFERENCE = Path(__file__).resolve().parents[4] / "shared" / "reference" / "eq5d" / "vectors.csv"


@pytest.fixture(scope="module")
def sweden_2020(eq5d: Instrument) -> ValueSet:
    assert isinstance(eq5d.scoring, Eq5d5l)
    return eq5d.scoring.value_set


def _levels(profile: str) -> tuple[int, ...]:
    return tuple(int(digit) for digit in profile)


def _scores(instrument: Instrument, profile: str, vas: int | None = 70) -> dict[str, Score]:
    answers = [
        Answered(dimension, None, AnswerKind.SKIPPED) if level == 9 else Answered(dimension, level, AnswerKind.VALUE)
        for dimension, level in zip(DIMENSIONS, _levels(profile), strict=True)
    ]
    kind = AnswerKind.NOT_APPLICABLE if vas is None else AnswerKind.VALUE
    answers.append(Answered("vas", vas, kind))
    return {score.variable: score for score in instrument.score(answers)}


def test_every_state_has_its_published_index(sweden_2020: ValueSet) -> None:
    with FIGURES.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len({row["profile"] for row in rows}) == 5**5
    for row in rows:
        assert sweden_2020.index(_levels(row["profile"])) == Decimal(row["index"]), row["profile"]


def test_every_state_of_the_reference_folder_is_met(sweden_2020: ValueSet) -> None:
    if not REFERENCE.is_file():
        pytest.skip("the reference vectors are not in shared/ beside the checkout")
    with REFERENCE.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if (row["version"], row["set"]) == ("5L", "Sweden_2020")]
    assert len(rows) == 5**5
    for row in rows:
        assert float(sweden_2020.index(_levels(row["state"]))) == pytest.approx(float(row["value"]), abs=1e-6)


def test_the_mean_over_all_states_is_the_one_in_print(sweden_2020: ValueSet) -> None:
    """Sun et al. 2022 (doi:10.1186/s12955-022-02083-w) print 0.605."""
    states = [(a, b, c, d, e) for a in R for b in R for c in R for d in R for e in R]
    mean = sum(sweden_2020.index(state) for state in states) / len(states)
    assert round(mean, 3) == Decimal("0.605")


R = range(1, 6)


def test_the_value_set_tells_where_it_comes_from(sweden_2020: ValueSet) -> None:
    assert (sweden_2020.id, sweden_2020.country, sweden_2020.year) == ("SE-2020-TTO", "Sweden", 2020)
    assert sweden_2020.doi == "10.1007/s40273-020-00905-7"
    assert sweden_2020.method.startswith("experience-based")


def test_an_index_can_be_explained_term_by_term(sweden_2020: ValueSet) -> None:
    terms = sweden_2020.terms((1, 1, 1, 1, 5))
    assert [(term.name, str(term.value)) for term in terms] == [
        ("full_health", "0.9755"),
        ("mobility:1", "0"),
        ("self_care:1", "0"),
        ("usual_activities:1", "0"),
        ("pain_discomfort:1", "0"),
        ("anxiety_depression:5", "-0.2339"),
        ("any_level_5", "-0.0023"),
    ]


def test_a_whole_response_has_all_four_scores(eq5d: Instrument) -> None:
    scores = _scores(eq5d, "11232", vas=65)
    assert list(scores) == [variable.name for variable in eq5d.variables]
    assert scores["eq5d5l.profile"].text == "11232"
    assert scores["eq5d5l.index"].value == 0.8453
    assert (scores["eq5d5l.vas"].value, scores["eq5d5l.lss"].value) == (65, 9)
    assert all(score.missing_reason is None for score in scores.values())


def test_d3_an_index_names_the_value_set_that_made_it(eq5d: Instrument, sweden_2020: ValueSet) -> None:
    index = _scores(eq5d, "11111")["eq5d5l.index"]
    assert index.value == 0.9755
    assert index.method == "value set SE-2020-TTO, doi:10.1007/s40273-020-00905-7"
    assert (index.method_hash, index.algorithm) == (sweden_2020.content_hash, "eq5d-5l-index/1")


def test_a_partial_profile_is_kept_with_nines_and_has_no_index(eq5d: Instrument) -> None:
    scores = _scores(eq5d, "19111")
    assert (scores["eq5d5l.profile"].text, scores["eq5d5l.profile"].missing_reason) == ("19111", "skipped")
    for name in ("index", "lss"):
        assert scores[f"eq5d5l.{name}"].value is None
        assert scores[f"eq5d5l.{name}"].missing_reason == "skipped"
    assert scores["eq5d5l.vas"].value == 70


def test_a_missing_vas_leaves_the_index_alone(eq5d: Instrument) -> None:
    scores = _scores(eq5d, "11111", vas=None)
    assert scores["eq5d5l.index"].value == 0.9755
    assert (scores["eq5d5l.vas"].value, scores["eq5d5l.vas"].missing_reason) == (None, "not_applicable")


def test_what_was_never_asked_is_unanswered(eq5d: Instrument) -> None:
    scores = {score.variable: score for score in eq5d.score([])}
    assert scores["eq5d5l.profile"].text == "99999"
    assert {score.missing_reason for score in scores.values()} == {"unanswered"}


@pytest.mark.parametrize("levels", [(1, 1, 1, 1), (1, 1, 1, 1, 6), (0, 1, 1, 1, 1), (9, 1, 1, 1, 1)])
def test_a_profile_that_is_none_is_refused(levels: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"a profile has|a level is"):
        Profile(levels)


def test_a_worse_level_never_raises_the_index(sweden_2020: ValueSet) -> None:
    for values in sweden_2020.decrements.values():
        assert list(values) == sorted(values, reverse=True)
