"""The examples in the docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import cat_engine

MODULES = sorted(module.name for module in pkgutil.iter_modules(cat_engine.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"cat_engine.{name}")).failed == 0
