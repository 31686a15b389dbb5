"""The examples in the docstrings are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["adaptive_test", "bank", "estimation", "graded_response", "selection", "stopping"])
def test_the_examples_of_a_module_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"cat_engine.{name}")).failed == 0
