"""Content is held at every step, and a blueprint that cannot be met says which constraints conflict.

``data/constraints_fatigue95.csv`` and ``attributes_fatigue95.csv``: blueprint of the PROMIS fatigue bank from the R
package TestDesign, 111 constraints of which 99 are enemy pairs; figures only.
"""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cat_engine import PROMIS_ADULT, AdaptiveTest, Ask, Criterion, ItemBank, StoppingRule
from cat_engine.blueprint_file import BlueprintError, read_blueprint
from cat_engine.constraints import Blueprint, Bounds, Constraint, Enemies, Infeasible, ItemSet, Order, ShadowTest
from tests.unit.cat_engine.banks import graded_bank

DATA = Path(__file__).parent / "data"
TWELVE = StoppingRule(name="twelve", minimum_items=12, maximum_items=12, se_below=None, strict=True)
SIX = replace(TWELVE, name="six", minimum_items=6, maximum_items=6)
BANK = graded_bank(seed=21, items=20)


@pytest.fixture(scope="module")
def fatigue() -> ItemBank:
    return ItemBank.from_csv(DATA / "bank_fatigue95.csv")


@pytest.fixture(scope="module")
def fatigue_blueprint() -> Blueprint:
    return read_blueprint(DATA / "constraints_fatigue95.csv", DATA / "attributes_fatigue95.csv")


def _play(test: AdaptiveTest, *, code: int, skip: frozenset[str] = frozenset()) -> tuple[list[str], list[str]]:
    """Items answered in order, and the reasons."""
    answers: dict[str, int | None] = {}
    reasons = []
    while isinstance(decision := test.next(answers), Ask):
        position = test.bank.index[decision.item_id]
        skipped = decision.item_id in skip
        answers[decision.item_id] = None if skipped else min(code, test.bank.categories[position])
        reasons.append(decision.reason)
    return [item_id for item_id, value in answers.items() if value], reasons


def _holds(constraint: Constraint, asked: list[str]) -> bool:
    count = len(constraint.items.intersection(asked))
    match constraint:
        case Bounds(minimum=minimum, maximum=maximum):
            return minimum <= count and (maximum is None or count <= maximum)
        case Enemies():
            return count <= 1
        case ItemSet():
            return count in (0, len(constraint.items))
        case Order(ranks=ranks):
            return all(ranks[one] <= ranks[other] for one, other in pairwise(asked))


def test_the_fatigue_blueprint_is_read_whole(fatigue_blueprint: Blueprint) -> None:
    assert len(fatigue_blueprint.constraints) == 111
    assert sum(isinstance(constraint, Enemies) for constraint in fatigue_blueprint.constraints) == 99
    assert fatigue_blueprint.length == 12


@pytest.mark.parametrize("criterion", [Criterion.MPWI, Criterion.MEPV])
@pytest.mark.parametrize("code", [1, 3, 5])
def test_all_111_constraints_of_the_fatigue_bank_hold(
    fatigue: ItemBank, fatigue_blueprint: Blueprint, code: int, criterion: Criterion
) -> None:
    test = AdaptiveTest(fatigue, TWELVE, blueprint=fatigue_blueprint, criterion=criterion)
    asked, _ = _play(test, code=code)
    assert len(asked) == 12
    assert [c.name for c in fatigue_blueprint.constraints if not _holds(c, asked)] == []


def test_the_shadow_test_is_the_best_of_all_tests_that_hold_the_constraints() -> None:
    constraint = Bounds("two of the first five", frozenset(BANK.item_ids[:5]), 2, 2)
    shadow_test = ShadowTest.prepare(Blueprint(6, (constraint,)), BANK)
    merit = np.random.default_rng(1).random(20)
    best = sorted(range(5), key=lambda item: -merit[item])[:2] + sorted(range(5, 20), key=lambda item: -merit[item])[:4]
    assert shadow_test.solve(merit, [], range(20)).next_items == sorted(best)


@pytest.mark.parametrize(
    "constraint",
    [
        Bounds("at least three of the last four", frozenset(BANK.item_ids[-4:]), 3),
        Bounds("none of the first ten", frozenset(BANK.item_ids[:10]), 0, 0),
        Enemies("one of five", frozenset(BANK.item_ids[5:10])),
        ItemSet("three together", frozenset(BANK.item_ids[2:5])),
        Order("by number", {item_id: number // 5 for number, item_id in enumerate(BANK.item_ids)}),
    ],
    ids=lambda constraint: constraint.name,
)
def test_each_kind_of_constraint_holds(constraint: Constraint) -> None:
    asked, _ = _play(AdaptiveTest(BANK, SIX, blueprint=Blueprint(6, (constraint,))), code=2)
    assert len(asked) == 6
    assert _holds(constraint, asked)


def test_a_set_is_asked_in_one_go_and_goes_on_when_one_of_it_is_skipped() -> None:
    members = frozenset(BANK.item_ids[2:6])
    both = (ItemSet("four together", members), Bounds("the set", members, 3, 4))
    asked, _ = _play(AdaptiveTest(BANK, SIX, blueprint=Blueprint(6, both)), code=2)
    places = [place for place, item_id in enumerate(asked) if item_id in members]
    assert places == list(range(places[0], places[0] + 4))
    second = asked[places[1]]
    again, _ = _play(AdaptiveTest(BANK, SIX, blueprint=Blueprint(6, both)), code=2, skip=frozenset([second]))
    assert members.intersection(again) == members - {second}


def test_when_skips_make_a_minimum_impossible_the_session_goes_on_and_says_so() -> None:
    needed = frozenset(BANK.item_ids[:3])
    test = AdaptiveTest(BANK, SIX, blueprint=Blueprint(6, (Bounds("all three", needed, 3, 3),)))
    asked, reasons = _play(test, code=2, skip=needed)
    assert len(asked) == 6
    assert "minimums given up" in reasons[-1]
    assert "minimums given up" not in reasons[0]


def test_a_blueprint_that_cannot_be_met_names_the_constraints_that_conflict(
    fatigue: ItemBank, fatigue_blueprint: Blueprint
) -> None:
    both = Bounds("both", frozenset(["FATIMP2", "FATIMP6"]), 2, 2)
    impossible = Blueprint(12, (*fatigue_blueprint.constraints, both))
    with pytest.raises(Infeasible) as refused:
        AdaptiveTest(fatigue, TWELVE, blueprint=impossible)
    assert refused.value.conflict == ("C14", "both")
    assert str(refused.value) == "the constraints cannot be met together: C14; both"


def test_a_test_longer_than_its_bank_conflicts_with_itself() -> None:
    with pytest.raises(Infeasible, match="length of the test"):
        ShadowTest.prepare(Blueprint(21), BANK)


def test_a_blueprint_of_another_length_than_the_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="for 6 items and the rule promis-adult for at most 12"):
        AdaptiveTest(BANK, PROMIS_ADULT, blueprint=Blueprint(6))


def test_a_constraint_on_an_unknown_item_is_refused() -> None:
    with pytest.raises(ValueError, match="constraint odd: item 'other' is not in the bank"):
        ShadowTest.prepare(Blueprint(6, (Enemies("odd", frozenset(["other"])),)), BANK)


HEADER = "CONSTRAINT_ID,TYPE,WHAT,CONDITION,LB,UB,ONOFF\n"
LENGTH = "C1,Number,Item,,2,2,\n"
ATTRIBUTES = "ID,Kind,Level\na,x,1\nb,x,2\nc,y,NA\n"


def _read(folder: Path, lines: str) -> Blueprint:
    (folder / "constraints.csv").write_text(HEADER + lines, encoding="utf-8")
    (folder / "attributes.csv").write_text(ATTRIBUTES, encoding="utf-8")
    return read_blueprint(folder / "constraints.csv", folder / "attributes.csv")


@pytest.mark.parametrize(
    ("condition", "items"),
    [
        ('KIND == ""x""', "ab"),
        ('KIND != ""x""', "c"),
        ("LEVEL == 2", "b"),
        ("LEVEL != 2", "a"),
        ("is.na(LEVEL)", "c"),
        ("!is.na(LEVEL)", "ab"),
        ('ID %in% c(""a"", ""c"")', "ac"),
        ('KIND == ""x"" & LEVEL == 1', "a"),
    ],
)
def test_conditions_are_read_as_r_means_them(tmp_path: Path, condition: str, items: str) -> None:
    blueprint = _read(tmp_path, f'{LENGTH}C2,Number,Item,"{condition}",0,1,\n')
    assert blueprint.constraints[1] == Bounds("C2", frozenset(items), 0, 1)


def test_every_type_is_read_and_what_is_off_is_left_out(tmp_path: Path) -> None:
    lines = 'C2,{},Item,"KIND == ""x""",,,\n'
    both = frozenset("ab")
    kinds = {"Include": Bounds("C2", both, 2, 2), "Exclude": Bounds("C2", both, 0, 0), "Enemy": Enemies("C2", both)}
    for kind, constraint in (kinds | {"AllOrNone": ItemSet("C2", both)}).items():
        assert _read(tmp_path, LENGTH + lines.format(kind)).constraints[1] == constraint
    assert _read(tmp_path, LENGTH + "C2,Order,Item,LEVEL,,,\n").constraints[1] == Order("C2", {"a": 1.0, "b": 2.0})
    assert len(_read(tmp_path, LENGTH + "C2,Odd,Item,LEVEL,,,OFF\n").constraints) == 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("C2,Odd,Item,LEVEL == 1,,,\n", "C2: the type Odd is not supported"),
        ("C2,Number,Stimulus,LEVEL == 1,0,1,\n", "C2: constraints on Stimulus are not supported"),
        ("C2,Number,Item,LEVEL > 1,0,1,\n", "the condition 'LEVEL > 1' is not understood"),
        ("C2,Number,Item,COLOUR == 1,0,1,\n", "there is no attribute COLOUR"),
        ("C2,Number,Item,LEVEL == 9,0,1,\n", "no item meets LEVEL == 9"),
        ("C2,Number,Item,LEVEL == 1,x,1,\n", "LB is not a number"),
    ],
)
def test_a_line_that_is_not_understood_is_refused(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(BlueprintError, match=r"^constraints\.csv: ") as error:
        _read(tmp_path, LENGTH + line)
    assert problem in str(error.value)


def test_a_file_without_a_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match="no constraint gives the length"):
        _read(tmp_path, "C2,Number,Item,LEVEL == 1,0,1,\n")
