"""How well a bank measures with some of its items: figures for whoever decides about a language [E2]."""

import pytest

from instruments import Library
from instruments.precision import expected_precision


def test_fewer_items_measure_worse_and_all_measure_as_all(library: Library) -> None:
    bank = library.latest("promis-fatigue")
    items = sorted(bank.items)
    few, some, every = (expected_precision(bank.adaptive_test(), frozenset(items[:count])) for count in (4, 31, 95))
    assert few.mean_se > some.mean_se > every.mean_se == every.mean_se_of_all


def test_the_figures_are_the_same_every_time_and_say_what_they_are_of(library: Library) -> None:
    bank = library.latest("promis-anxiety")
    items = frozenset(sorted(bank.items)[:10])
    once, again = expected_precision(bank.adaptive_test(), items), expected_precision(bank.adaptive_test(), items)
    assert once == again
    assert str(once) == f"with 10 of 29 items, mean SE {once.mean_se:.2f} against {once.mean_se_of_all:.2f}"


def test_items_of_another_bank_are_none(library: Library) -> None:
    with pytest.raises(ValueError, match="no item of the bank"):
        expected_precision(library.latest("promis-anxiety").adaptive_test(), frozenset({"overall"}))


def test_a_bank_is_asked_with_as_many_items_as_its_rule_asks_at_least(library: Library) -> None:
    """E2"""
    assert library.latest("promis-anxiety").minimum_eligible == 4
    assert library.latest("promis-anxiety").in_form("4a").minimum_eligible == 4
    assert library.latest("eq5d-5l").minimum_eligible == 6
