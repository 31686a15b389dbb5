"""Indices and severity scores for many states at once, as numpy arrays.

For research files and registers: look-up tables made from the exact scalar rules, so that both always agree. Missing
and invalid states are NaN; nothing is imputed.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instruments.eq5d.profile import DIMENSIONS, Version, digits
from instruments.eq5d.valuation import Valuation

Floats = NDArray[np.float64]
States = NDArray[Any]

_TENS = 10 ** np.arange(len(DIMENSIONS) - 1, -1, -1)
# One place for every five-digit code up to 55555, and one at either end that catches what is below or above.
_PLACES = 55_557
# Rows that are taken together: what is in between stays in the processor's cache.
_BLOCK = 1 << 15


def index_array(states: States, valuation: Valuation) -> Floats:
    """The index of each state.

    Parameters
    ----------
    states
        Shape (n,) of five-digit codes, such as 11223, or (n, 5) of levels, in EuroQol's order. Whole numbers of any
        integer type; floats too, as data frames have where something is missing.
    valuation
        A value set or a crosswalk.

    Returns
    -------
    Shape (n,); NaN where a level is missing (9, NaN) or is none of the version's.

    Examples
    --------
    >>> from instruments.eq5d import value_set_by_id
    >>> index_array(np.array([11111, 11232, 11932]), value_set_by_id("SE-2020-TTO")).round(4).tolist()
    [0.9755, 0.8453, nan]
    """
    return _look_up(states, _index_table(valuation), valuation.version)


def level_sum_array(states: States, version: Version) -> Floats:
    """The level sum score of each state, 5 (best) to 15 or 25; shapes and missing values as in `index_array`."""
    return _look_up(states, _level_sum_table(version), version)


def level_frequency_array(states: States, version: Version) -> Floats:
    """How many dimensions of each state are at each level: shape (n, 3) or (n, 5), level 1 first.

    Shapes and missing values as in `index_array`; a missing state is a row of NaN.
    """
    return _look_up(states, _level_frequency_table(version), version)


def _look_up(states: States, table: Floats, version: Version) -> Floats:
    states = np.asarray(states)
    if states.dtype.kind not in "iuf":
        raise TypeError(f"states are whole numbers, not {states.dtype}")
    if states.ndim not in (1, 2) or (states.ndim == 2 and states.shape[1] != len(DIMENSIONS)):
        raise ValueError(f"states have the shape (n,) or (n, {len(DIMENSIONS)}), not {states.shape}")
    found = np.empty((len(states), *table.shape[1:]))
    for start in range(0, len(states), _BLOCK):
        block = slice(start, start + _BLOCK)
        # Out of range is brought to either end of the table, where nothing is.
        np.take(table, _codes(states[block], version), axis=0, out=found[block], mode="clip")
    return found


def _codes(states: States, version: Version) -> NDArray[np.intp]:
    """Five-digit codes; 0 where there is none."""
    if states.dtype.kind == "f":
        states = np.where(np.isfinite(states) & (states == np.floor(states)), states, 0)
        states = np.clip(states, 0, _PLACES).astype(np.intp)
    if states.ndim == 1:
        return states.astype(np.intp, copy=False)
    are_levels = ((states >= 1) & (states <= version.levels)).all(axis=1)
    return np.asarray(np.where(are_levels, states.astype(np.intp) @ _TENS, 0), dtype=np.intp)


@cache
def _index_table(valuation: Valuation) -> Floats:
    table = np.full(_PLACES, np.nan)
    for levels in valuation.version.states:
        table[int(digits(levels))] = float(valuation.index(levels))
    return table


@cache
def _level_sum_table(version: Version) -> Floats:
    table = np.full(_PLACES, np.nan)
    for levels in version.states:
        table[int(digits(levels))] = sum(levels)
    return table


@cache
def _level_frequency_table(version: Version) -> Floats:
    table = np.full((_PLACES, version.levels), np.nan)
    for levels in version.states:
        table[int(digits(levels))] = [levels.count(level) for level in range(1, version.levels + 1)]
    return table
