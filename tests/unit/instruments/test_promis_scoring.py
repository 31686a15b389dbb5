"""Scores of the adaptive bank: figures, provenance, and what is not scored."""

import csv
from pathlib import Path

import pytest

from instruments import Answered, AnswerKind, Instrument, MissingReason, Score

REFERENCE = Path(__file__).resolve().parents[4] / "shared" / "reference" / "promis"


def _scores(
    instrument: Instrument, answers: list[Answered], eligible: frozenset[str] | None = None
) -> dict[str, Score]:
    return {score.variable: score for score in instrument.score(answers, eligible=eligible)}


def _values(item_ids: list[str], value: int) -> list[Answered]:
    return [Answered(item_id, value, AnswerKind.VALUE) for item_id in item_ids]


FOUR = ["EDANX53", "EDANX54", "EDANX46", "EDANX30"]


def test_a_stopped_test_has_theta_t_number_and_reason(anxiety: Instrument) -> None:
    scores = _scores(anxiety, _values(FOUR, 3))
    theta, t = scores["promis_anxiety.theta"], scores["promis_anxiety.t"]
    assert list(scores) == [variable.name for variable in anxiety.variables]
    assert theta.value is not None
    assert theta.standard_error is not None
    assert t.value == pytest.approx(50 + 10 * theta.value, abs=1e-5)
    assert t.standard_error == pytest.approx(10 * theta.standard_error, abs=1e-5)
    assert scores["promis_anxiety.n_items"].value == 4
    assert scores["promis_anxiety.stop_reason"].text == "precision"


def test_d3_a_score_names_the_bank_and_the_algorithm_that_made_it(anxiety: Instrument) -> None:
    for score in anxiety.score(_values(FOUR, 2)):
        assert (score.method, score.algorithm) == ("promis-anxiety bank 1.0", "pattern-eap/1")
        assert score.method_hash == anxiety.bank_hash


def test_scores_are_rounded_to_six_decimals(anxiety: Instrument) -> None:
    t = _scores(anxiety, _values(FOUR, 2))["promis_anxiety.t"]
    assert t.value == round(anxiety.adaptive_test().estimate(dict.fromkeys(FOUR, 2)).t, 6)


def test_the_healthiest_option_throughout_gives_the_healthiest_score(anxiety: Instrument) -> None:
    by_option = [_scores(anxiety, _values(list(anxiety.items), code))["promis_anxiety.t"].value for code in range(1, 6)]
    assert all(value is not None for value in by_option)
    assert by_option == sorted(by_option, key=lambda value: value or 0)


def test_skipped_items_are_not_counted(anxiety: Instrument) -> None:
    skipped = [Answered("EDANX01", None, AnswerKind.SKIPPED)]
    plain, with_skip = _scores(anxiety, _values(FOUR, 3)), _scores(anxiety, [*skipped, *_values(FOUR, 3)])
    assert plain == with_skip


def test_without_a_single_answer_there_is_no_score(anxiety: Instrument) -> None:
    skipped = [Answered(item_id, None, AnswerKind.SKIPPED) for item_id in anxiety.items]
    scores = _scores(anxiety, skipped)
    for name in ("theta", "t"):
        assert scores[f"promis_anxiety.{name}"].value is None
        assert scores[f"promis_anxiety.{name}"].standard_error is None
        assert scores[f"promis_anxiety.{name}"].missing_reason == MissingReason.NO_ANSWERS
    assert scores["promis_anxiety.n_items"].value == 0
    assert scores["promis_anxiety.stop_reason"].text == "exhausted"


def test_a_test_that_has_not_stopped_says_so(anxiety: Instrument) -> None:
    scores = _scores(anxiety, _values(FOUR[:2], 3))
    assert scores["promis_anxiety.stop_reason"].text is None
    assert scores["promis_anxiety.stop_reason"].missing_reason == MissingReason.NOT_STOPPED


def test_a_test_that_ran_out_of_eligible_items_says_so(anxiety: Instrument) -> None:
    scores = _scores(anxiety, _values(FOUR[:2], 3), eligible=frozenset(FOUR[:2]))
    assert scores["promis_anxiety.stop_reason"].text == "exhausted"


def test_a_missing_score_needs_its_reason() -> None:
    with pytest.raises(ValueError, match="a missing score needs its reason"):
        Score(variable="x", method="m", method_hash="h", algorithm="a")


def test_the_shipped_bank_has_the_published_parameters(anxiety: Instrument) -> None:
    path = REFERENCE / "bank_anxiety.csv"
    if not path.is_file():
        pytest.skip("the reference parameters are not in shared/ beside the checkout")
    with path.open(encoding="utf-8", newline="") as lines:
        published = {
            row["item_id"]: tuple(float(row[column]) for column in ("a", "b1", "b2", "b3", "b4"))
            for row in csv.DictReader(lines)
        }
    shipped = {item.id: (item.slope, *item.thresholds) for item in anxiety.adaptive_test().bank.items}
    assert shipped == published
