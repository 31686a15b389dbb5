"""Scores of the adaptive banks: figures, provenance, parameters, and what is not scored."""

import csv
from pathlib import Path

import pytest

from instruments import AnswerKind, AnswerValue, Instrument, Library, MissingReason, Score
from tests.unit.instruments.tiny import answered, answers_of, scores_of

SKIPPED = AnswerKind.SKIPPED

# Instrument, file of the reference, number of items.
BANKS = {
    "promis-anxiety": ("bank_anxiety.csv", 29),
    "promis-depression": ("bank_depression.csv", 28),
    "promis-fatigue": ("bank_fatigue.csv", 95),
    "promis-pain-interference": ("bank_pain_interference.csv", 40),
    "promis-physical-function": ("bank_physical_function.csv", 165),
    "promis-sleep-disturbance": ("bank_sleep_disturbance.csv", 27),
    "promis-social-participation": ("bank_social_participation.csv", 35),
}
# Content hashes of the parameters. A difference means that T-scores would differ: publish a new version.
PARAMETERS = {
    "promis-anxiety": "sha256:d3b7f6a94db04f74d67c60b1e537f05e6cd24c25b2c11c19392332b6ba4e0944",
    "promis-depression": "sha256:c898aec915171eae561affb6692407348bcf0ad55e04d76562985b634125458e",
    "promis-fatigue": "sha256:681f6b9b55d449b6dd54c7f124a9a5394c3112465e20a20eae26a8d9b95432c6",
    "promis-pain-interference": "sha256:8864d4eb0b2ca16cc7f533e9c93f07307e76667c7dd285643a80d84ea12d959e",
    "promis-physical-function": "sha256:2043585be5c5f28bfec751e4a233609645f434e9dda2bc4a3cef810e0f577e80",
    "promis-sleep-disturbance": "sha256:16aec87a19691d8b542bccdb2b1fe5a806b6f74496f4b5328246d1ed0ffaf1ef",
    "promis-social-participation": "sha256:be41bf31d965927e11995375bd49eaaee3604f184a30938529099026eb085ae5",
}
FOUR = ("EDANX53", "EDANX54", "EDANX46", "EDANX30")


def _four(code: int, number: int = 4) -> dict[str, AnswerValue | AnswerKind]:
    return dict.fromkeys(FOUR[:number], code)


def test_every_adaptive_instrument_is_one_of_the_seven_banks(library: Library) -> None:
    adaptive = {each.id: len(each.items) for each in library.instruments.values() if each.adaptive}
    assert adaptive == {bank: items for bank, (_, items) in BANKS.items()}


@pytest.mark.parametrize("bank", BANKS)
def test_the_shipped_bank_has_the_published_parameters(library: Library, promis_reference: Path, bank: str) -> None:
    """D2: to the last digit of the reference file."""
    with (promis_reference / BANKS[bank][0]).open(encoding="utf-8", newline="") as lines:
        published = {
            row["item_id"]: tuple(float(row[column]) for column in ("a", "b1", "b2", "b3", "b4") if row[column])
            for row in csv.DictReader(lines)
        }
    items = library.get(bank, "1.0").adaptive_test().bank.items
    assert {item.id: (item.slope, *item.thresholds) for item in items} == published


def test_the_parameters_are_those_that_were_published_here(library: Library) -> None:
    """D3"""
    assert {bank: library.get(bank, "1.0").bank_hash for bank in BANKS} == PARAMETERS


def test_a_stopped_test_has_theta_t_number_and_reason(anxiety: Instrument) -> None:
    """D2"""
    scores = scores_of(anxiety, _four(3))
    theta, t = scores["promis_anxiety.theta"], scores["promis_anxiety.t"]
    assert list(scores) == [variable.name for variable in anxiety.variables]
    assert theta.value is not None
    assert theta.standard_error is not None
    assert t.value == pytest.approx(50 + 10 * theta.value, abs=1e-5)
    assert t.standard_error == pytest.approx(10 * theta.standard_error, abs=1e-5)
    assert scores["promis_anxiety.n_items"].value == 4
    assert scores["promis_anxiety.stop_reason"].text == "precision"


def test_a_score_names_the_bank_and_the_algorithm_that_made_it(anxiety: Instrument) -> None:
    """D3"""
    for score in scores_of(anxiety, _four(2)).values():
        assert (score.method, score.algorithm) == ("promis-anxiety bank 1.0", "pattern-eap/1")
        assert score.method_hash == anxiety.bank_hash


def test_scores_are_rounded_to_six_decimals(anxiety: Instrument) -> None:
    t = scores_of(anxiety, _four(2))["promis_anxiety.t"]
    assert t.value == round(anxiety.adaptive_test().estimate(dict.fromkeys(FOUR, 2)).t, 6)


@pytest.mark.parametrize("kind", [SKIPPED, AnswerKind.AMBIGUOUS, AnswerKind.OUT_OF_RANGE])
def test_an_answer_without_a_value_is_not_counted(anxiety: Instrument, kind: AnswerKind) -> None:
    assert scores_of(anxiety, {**_four(3), "EDANX01": kind}) == scores_of(anxiety, _four(3))


def test_without_a_single_answer_there_is_no_score(anxiety: Instrument) -> None:
    scores = scores_of(anxiety, dict.fromkeys(anxiety.items, SKIPPED))
    for name in ("theta", "t"):
        score = scores[f"promis_anxiety.{name}"]
        assert (score.value, score.standard_error) == (None, None)
        assert score.missing_reason == MissingReason.NO_ANSWERS
    assert scores["promis_anxiety.n_items"].value == 0
    assert scores["promis_anxiety.stop_reason"].text == "exhausted"


def test_a_test_that_has_not_stopped_says_so(anxiety: Instrument) -> None:
    reason = scores_of(anxiety, _four(3, number=2))["promis_anxiety.stop_reason"]
    assert (reason.text, reason.missing_reason) == (None, MissingReason.NOT_STOPPED)


def test_a_test_that_ran_out_of_eligible_items_says_so(anxiety: Instrument) -> None:
    scores = anxiety.score(answers_of(_four(3, number=2)), eligible=frozenset(FOUR[:2]))
    assert scores[-1].text == "exhausted"


def test_a_missing_score_needs_its_reason() -> None:
    with pytest.raises(ValueError, match="a missing score needs its reason"):
        Score(variable="x", method="m", method_hash="h", algorithm="a")


@pytest.mark.parametrize("bank", BANKS)
def test_the_number_of_items_stays_within_its_catalogue_in_every_form(library: Library, bank: str) -> None:
    """B8"""
    instrument = library.latest(bank)
    limit = next(each.maximum for each in instrument.variables if each.name.endswith(".n_items"))
    longest = max(instrument.estimated_questions[1], *(len(form.items) for form in instrument.short_forms))
    assert limit is not None
    assert longest <= limit


def test_an_answer_to_one_item_moves_only_its_own_person(anxiety: Instrument) -> None:
    """Scoring keeps nothing from one call to the next."""
    before = anxiety.score([answered("EDANX53", 5)])
    anxiety.score([answered("EDANX53", 1)])
    assert anxiety.score([answered("EDANX53", 5)]) == before
