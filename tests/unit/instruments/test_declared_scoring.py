"""Scoring that a definition declares, by examples worked out by hand and by what must hold for any answers."""

import csv
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import AnswerKind, AnswerValue, Instrument, Library, Score
from instruments.declared import Aggregate, DeclaredScoring, ItemsRule, Line, Points
from tests.unit.instruments.tiny import QUESTIONNAIRES, answered, answers_of, scores_of, without_value

SKIPPED, NOT_APPLICABLE, AMBIGUOUS = AnswerKind.SKIPPED, AnswerKind.NOT_APPLICABLE, AnswerKind.AMBIGUOUS
Given = dict[str, AnswerValue | AnswerKind]


def _outcomes(scores: dict[str, Score]) -> dict[str, float | str | None]:
    """The value of each score by the last part of its name, else why it has none."""
    return {
        name.rpartition(".")[2]: score.missing_reason if score.value is None else score.value
        for name, score in scores.items()
    }


def _koos(soil: list[int | AnswerKind], tools: list[int | AnswerKind], paths: list[int | AnswerKind]) -> Given:
    parts = {"soil": soil, "tools": tools, "paths": paths}
    return {f"{part}{n}": value for part, values in parts.items() for n, value in enumerate(values, start=1)}


def test_a_koos_like_form_turns_each_subscale_round_and_sums_them_up(tiny: Library) -> None:
    """soil (1+2+0+3)/4 = 1.5 of 4 → 100 − 37.5 = 62.5; tools 0 → 100; paths (4+4+3+4)/4 = 3.75 → 6.25 → 6.3;
    summary (62.5 + 100 + 6.3)/3 = 56.27 → 56.3: of the subscales as they are printed.
    """
    scores = scores_of(tiny.latest("tiny-koos"), _koos([1, 2, 0, 3], [0, 0, 0, 0], [4, 4, 3, 4]))
    assert _outcomes(scores) == {"soil": 62.5, "tools": 100, "paths": 6.3, "summary": 56.3}


def test_half_of_a_subscale_is_enough_and_less_is_not(tiny: Library) -> None:
    """soil (1+2)/2 = 1.5 → 62.5; tools has one of four; without it there is no summary."""
    given = _koos([1, SKIPPED, 2, AMBIGUOUS], [0, SKIPPED, SKIPPED, SKIPPED], [SKIPPED] * 4)
    assert _outcomes(scores_of(tiny.latest("tiny-koos"), given)) == {
        "soil": 62.5,
        "tools": "too_few_answered",
        "paths": "no_answers",
        "summary": "too_few_answered",
    }


CHORES = ("dishes", "beds", "bins", "floors", "windows", "laundry", "plants", "post", "dust")


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        ((0, 1, 2, 3, 0, 1, 2, 3, 0), 12),
        ((3,) * 9, 27),
        ((0,) * 9, 0),
        ((1, 1, 1, 1, 1, 1, 1, None, None), 9),
        ((1, 1, 1, 1, 1, 1, 2, None, None), 10),  # 8 / 7 · 9 = 10.29
        ((1, 1, 1, 1, 1, 1, 0, 0, None), 7),  # 6 / 8 · 9 = 6.75
        ((2, 2, 0, 0, 0, 0, 0, 0, None), 5),  # 4 / 8 · 9 = 4.5, away from zero
        ((3, 3, 3, 3, 3, 3, None, None, None), "too_few_answered"),
        ((None,) * 9, "no_answers"),
    ],
)
def test_a_phq_like_form_is_summed_and_two_missing_are_made_up_for(
    tiny: Library, codes: tuple[int | None, ...], outcome: float | str
) -> None:
    given: Given = {item: SKIPPED if code is None else code for item, code in zip(CHORES, codes, strict=True)}
    assert _outcomes(scores_of(tiny.latest("tiny-phq"), given)) == {"sum": outcome}


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        ((1, 2, 3, 4), 50),  # 10 of 20
        ((1, 2, None, 4), 47),  # 7 of 15 = 46.67
        ((5, None, None, 0), 50),  # 5 of 10
        ((5, None, None, None), "too_few_answered"),
    ],
)
def test_an_odi_like_form_is_a_percentage_of_what_was_answered(
    tiny: Library, codes: tuple[int | None, ...], outcome: float | str
) -> None:
    given: Given = {
        item: SKIPPED if code is None else code
        for item, code in zip(("hill", "mud", "rain", "night"), codes, strict=True)
    }
    assert _outcomes(scores_of(tiny.latest("tiny-odi"), given)) == {"percentage": outcome}


@pytest.mark.parametrize(
    ("apples", "pears", "outcome"),
    [
        (1, 1, 20),
        (1, 2, 34.5),
        (3, 2, 71.5),
        (3, 3, "not_in_table"),
        (3, SKIPPED, "skipped"),
        (AMBIGUOUS, SKIPPED, "no_answers"),
    ],
)
def test_a_sum_is_looked_up_and_what_the_table_lacks_is_not_guessed(
    tiny: Library, apples: int | AnswerKind, pears: int | AnswerKind, outcome: float | str
) -> None:
    scores = scores_of(tiny.latest("tiny-lookup"), {"apples": apples, "pears": pears})
    assert _outcomes(scores) == {"score": outcome}


def test_every_row_of_the_table_is_reached(tiny: Library) -> None:
    with (QUESTIONNAIRES / "tiny-lookup" / "1.0" / "table.csv").open(encoding="utf-8", newline="") as lines:
        table = {int(row["raw"]): float(row["score"]) for row in csv.DictReader(lines)}
    for apples, pears in product((1, 2, 3), repeat=2):
        found = _outcomes(scores_of(tiny.latest("tiny-lookup"), {"apples": apples, "pears": pears}))["score"]
        assert found == table.get(apples + pears, "not_in_table")


@pytest.mark.parametrize(
    ("fried", "boiled", "eggs", "often"),
    [
        (1, 1, 11, 0),  # 1, and 1 + 10 − 1
        (2, 2, 11, 100),  # 2.5, and 11 − 2.5
        (3, 3, 11, 100),  # 10, and 11 − 10
        (3, 1, 20, 100),
        (1, 3, 2, 0),
        (2, 1, 12.5, 100),
    ],
)
def test_options_are_worth_their_points_and_a_reversed_item_counts_from_the_other_end(
    tiny: Library, fried: int, boiled: int, eggs: float, often: float
) -> None:
    scores = scores_of(tiny.latest("tiny-points"), {"fried": fried, "boiled": boiled})
    assert _outcomes(scores) == {"eggs": eggs, "often_fried": often}


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"dog": NOT_APPLICABLE, "neighbour": 3}, 3),
        ({"dog": 1, "neighbour": 2}, 1.5),
        ({"dog": NOT_APPLICABLE, "neighbour": SKIPPED}, "no_answers"),
        ({}, "no_answers"),
    ],
)
def test_what_does_not_apply_is_neither_a_point_nor_a_zero(tiny: Library, given: Given, outcome: float | str) -> None:
    assert _outcomes(scores_of(tiny.latest("tiny-does-not-apply"), given)) == {"company": outcome}


@pytest.mark.parametrize(
    ("tea", "outcome"),
    [
        (4, 7),
        (0, 3),
        (SKIPPED, "skipped"),
        (AMBIGUOUS, "ambiguous"),
        (AnswerKind.OUT_OF_RANGE, "out_of_range"),
        (None, "unanswered"),
    ],
)
def test_a_missing_answer_gives_no_score_and_its_own_reason(
    tiny: Library, tea: int | AnswerKind | None, outcome: float | str
) -> None:
    given: Given = {"coffee": 3} if tea is None else {"coffee": 3, "tea": tea}
    assert _outcomes(scores_of(tiny.latest("tiny-skipping"), given)) == {"cups": outcome}


def test_a_decimal_number_is_scored_exactly(tiny: Library) -> None:
    assert _outcomes(scores_of(tiny.latest("tiny-number"), {"height": Decimal("312.5")})) == {"height": 312.5}


def test_a_form_without_scores_has_none(tiny: Library) -> None:
    assert tiny.latest("tiny-free-text").score([answered("birds", "en koltrast")]) == ()


def test_a_score_names_the_definition_that_made_it(tiny: Library) -> None:
    """D3"""
    scale = tiny.latest("tiny-scale")
    (score,) = scale.score([answered("weather", 4)])
    assert (score.method, score.algorithm) == ("tiny-scale 1.0 scoring 1", "declared/1")
    assert score.method_hash == scale.content_hash


VISIT = {f"{part}{n}": 3 for part in ("es", "pi", "rt", "cc", "in", "ac", "oi") for n in (1, 2, 3)}


@pytest.mark.parametrize(
    ("changes", "variable", "outcome"),
    [
        ({}, "respect", 50),
        ({"rt1": 5, "rt2": 5, "rt3": 4}, "respect", 91.7),  # mean 4.667 of 1 to 5
        ({"rt1": NOT_APPLICABLE, "rt2": 5}, "respect", 75),
        ({"rt1": NOT_APPLICABLE, "rt2": SKIPPED}, "respect", "too_few_answered"),
        ({"in3": 5}, "information", 66.7),
        ({"in3": 5, "had_tests": 2}, "information", 50),
        ({"cc3": 1, "met_others": SKIPPED}, "continuity", 50),
    ],
)
def test_the_visit_questionnaire_is_scored_by_dimension_from_what_was_asked(
    library: Library, changes: Given, variable: str, outcome: float | str
) -> None:
    """D5: items on tests and on other staff count only for those who had them."""
    given = {**VISIT, "met_others": 1, "had_tests": 1, **changes}
    assert _outcomes(scores_of(library.latest("prem-visit"), given))[variable] == outcome


@pytest.mark.parametrize(
    ("code", "outcomes"),
    [(n, {"experience": n, "top_two": 100 if n > 3 else 0}) for n in range(1, 6)]
    + [(SKIPPED, {"experience": "skipped", "top_two": "skipped"})],
)
def test_the_two_best_answers_are_the_top_box(
    library: Library, code: int | AnswerKind, outcomes: dict[str, float | str]
) -> None:
    """D5"""
    assert _outcomes(scores_of(library.latest("prem-overall"), {"overall": code})) == outcomes


def _scoring(decimals: int | None, *, line: Line | None = None, items: int = 2) -> DeclaredScoring:
    names = tuple(f"x{n}" for n in range(items))
    bounds = Points(worth=None, low=Decimal(-1000), high=Decimal(1000))
    rule = ItemsRule(
        variable="score",
        items=names,
        reversed=frozenset(),
        aggregate=Aggregate.MEAN,
        minimum_answered=1,
        line=line,
        lookup="",
        decimals=decimals,
    )
    return DeclaredScoring(
        rules=(rule,), points=dict.fromkeys(names, bounds), lookups={}, banks={}, method="m", method_hash="h"
    )


@pytest.mark.parametrize(
    ("value", "decimals", "rounded"),
    [
        ("0.5", 0, 1),
        ("1.5", 0, 2),
        ("2.5", 0, 3),
        ("-0.5", 0, -1),
        ("-2.5", 0, -3),
        ("-2.4", 0, -2),
        ("2.45", 1, 2.5),
        ("-2.45", 1, -2.5),
        ("1.005", 2, 1.01),
        ("0.0000005", 6, 0.000001),
        ("2.675", None, 2.675),
    ],
)
def test_rounding_is_half_away_from_zero(value: str, decimals: int | None, rounded: float) -> None:
    (score,) = _scoring(decimals).score({"x0": answered("x0", Decimal(value))})
    assert score.value == rounded


@given(st.lists(st.decimals(-1000, 1000, places=3, allow_nan=False), min_size=1, max_size=8), st.randoms())
def test_a_mean_is_exact_and_does_not_depend_on_the_order(values: list[Decimal], random) -> None:
    expected = sum(map(Fraction, values), start=Fraction(0)) / len(values)
    shuffled = random.sample(values, len(values))
    for order in (values, shuffled):
        answers = {f"x{n}": answered(f"x{n}", value) for n, value in enumerate(order)}
        (score,) = _scoring(None, items=8).score(answers)
        assert score.value == round(float(expected), 6)


@given(st.decimals(-1000, 1000, places=2), st.lists(st.integers(-50, 50), min_size=4, max_size=4))
def test_a_line_goes_through_both_its_ends(value: Decimal, ends: list[int]) -> None:
    low, high, to_low, to_high = map(Decimal, ends)
    if low == high:
        return
    line = Line(low, high, to_low, to_high)
    assert (line.at(Fraction(low)), line.at(Fraction(high))) == (to_low, to_high)
    middle = line.at(Fraction(low + high) / 2)
    assert middle == Fraction(to_low + to_high) / 2
    assert line.at(Fraction(value)) + line.at(Fraction(low + high - value)) == to_low + to_high


@given(st.lists(st.sampled_from([0, 1, 2, 3, 4, None]), min_size=12, max_size=12))
def test_a_declared_score_stays_within_its_catalogue(tiny: Library, codes: list[int | None]) -> None:
    koos = tiny.latest("tiny-koos")
    given: Given = {item: SKIPPED if code is None else code for item, code in zip(koos.items, codes, strict=True)}
    _assert_within(koos, scores_of(koos, given))


def _assert_within(instrument: Instrument, scores: dict[str, Score]) -> None:
    assert list(scores) == [variable.name for variable in instrument.variables]
    for variable in instrument.variables:
        score = scores[variable.name]
        assert (score.value is None) == (score.missing_reason is not None)
        if score.value is not None and variable.minimum is not None and variable.maximum is not None:
            assert variable.minimum <= score.value <= variable.maximum


def test_nothing_answered_is_never_zero(tiny: Library, library: Library) -> None:
    declared = [each for each in (*tiny.instruments.values(), *library.instruments.values()) if not each.adaptive]
    for instrument in declared:
        values = [score.value for score in instrument.score([]) if score.text is None]
        assert values == [None] * len(values)


def test_a_summary_may_be_made_of_t_scores(copied: Path) -> None:
    """The mean of two T-scores of the profile, and none when one of them is missing."""
    path = copied / "promis-29" / "2.1" / "definition.toml"
    text = path.read_text(encoding="utf-8")
    old = '[[scoring.scores]]\nvariable = "promis_29.pain_intensity"\nitems = ["Global07"]\n'
    parts = '["promis_29.anxiety.t", "promis_29.depression.t"]'
    assert old in text
    changed = text.replace(old, f'[[scoring.scores]]\nvariable = "promis_29.pain_intensity"\nscores = {parts}\n')
    path.write_text(changed.replace("minimum_answered = 1", "minimum_answered = 2"), encoding="utf-8")
    profile = Library.load(copied).latest("promis-29")
    both = {score.variable: score.value for score in profile.score(answers_of({"EDANX01": 3, "EDDEP04": 2}))}
    assert both["promis_29.anxiety.t"] is not None
    assert both["promis_29.depression.t"] is not None
    mean = (both["promis_29.anxiety.t"] + both["promis_29.depression.t"]) / 2
    assert both["promis_29.pain_intensity"] == pytest.approx(mean, abs=1e-6)
    one = {score.variable: score for score in profile.score([answered("EDANX01", 3), without_value("EDDEP04")])}
    assert one["promis_29.pain_intensity"].missing_reason == "too_few_answered"
