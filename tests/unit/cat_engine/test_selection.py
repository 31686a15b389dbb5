"""The best item is chosen, and a tie falls the same way on every machine."""

import numpy as np

from cat_engine.selection import select

IDS = ("c", "b", "a", "d")


def test_the_largest_criterion_wins_and_the_next_is_told() -> None:
    selection = select(np.array([1.0, 3.0, 2.0, 0.0]), [0, 1, 2, 3], IDS)
    assert selection is not None
    assert (selection.item, selection.criterion) == (1, 3.0)
    assert (selection.runner_up, selection.runner_up_criterion) == (2, 2.0)


def test_criteria_within_a_billionth_are_a_tie_that_the_item_id_breaks() -> None:
    selection = select(np.array([2.0, 2.0 + 9e-10, 2.0 - 9e-11, 1.0]), [0, 1, 2, 3], IDS)
    assert selection is not None
    assert (IDS[selection.item], selection.runner_up) == ("a", 1)


def test_criteria_further_apart_are_no_tie() -> None:
    selection = select(np.array([2.0, 2.0 + 2e-9, 2.0, 1.0]), [0, 1, 2, 3], IDS)
    assert selection is not None
    assert IDS[selection.item] == "b"


def test_only_candidates_are_chosen() -> None:
    selection = select(np.array([1.0, 3.0, 2.0, 0.0]), [3], IDS)
    assert selection is not None
    assert (selection.item, selection.runner_up, selection.runner_up_criterion) == (3, None, None)
    assert select(np.array([1.0, 3.0, 2.0, 0.0]), [], IDS) is None


def test_the_criteria_are_left_as_they_were() -> None:
    criteria = np.array([1.0, 3.0, 2.0, 0.0])
    select(criteria, [0, 1, 2, 3], IDS)
    assert criteria.tolist() == [1.0, 3.0, 2.0, 0.0]
