"""The examples in the docstrings are true."""

import doctest
from types import ModuleType

import pytest

from instruments.eq5d import arrays, change, distribution, profile, terms, valuation


@pytest.mark.parametrize(
    "module", [arrays, change, distribution, profile, terms, valuation], ids=lambda one: one.__name__
)
def test_the_examples_of_a_module_are_true(module: ModuleType) -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)
