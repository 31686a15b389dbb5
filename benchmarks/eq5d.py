"""How many EQ-5D states a second the array functions and `survey eq5d` score, on one core.

It measures and does not judge: what scores are right, the tests say. ``python -m benchmarks.eq5d``.
"""

import csv
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instruments.eq5d import Version, catalogue, value_set_by_id
from instruments.eq5d.arrays import index_array, level_frequency_array, level_sum_array
from instruments.eq5d.profile import digits

STATES = 10_000_000
ROWS = 1_000_000
TRIES = 3
SETS = ("SE-2014-TTO", "SE-2020-TTO", "UK-1997-TTO/CW", "SE-2020-TTO/RCW", "NL-2022-IVP")


def main() -> None:
    rng = np.random.default_rng(1)
    codes = rng.choice([int(digits(levels)) for levels in Version.FIVE_LEVEL.states], STATES).astype(np.int32)
    levels = rng.integers(1, 6, (STATES, 5), dtype=np.int8)
    sweden = value_set_by_id("SE-2020-TTO")
    _states("index, five-digit codes", lambda: index_array(codes, sweden))
    _states("index, levels", lambda: index_array(levels, sweden))
    _states("level sum score", lambda: level_sum_array(codes, Version.FIVE_LEVEL))
    _states("level frequency score", lambda: level_frequency_array(codes, Version.FIVE_LEVEL))
    _tables()
    _command()


def _states(what: str, score: Callable[[], NDArray[Any]]) -> None:
    score()
    print(f"{what:<28}{STATES / _best(score) / 1e6:>10.1f} million states a second")


def _tables() -> None:
    """Every state of every set, from the exact rules: what a first look-up costs."""
    sets = catalogue().offered
    start = perf_counter()
    states = sum(len([one.index(levels) for levels in one.version.states]) for one in sets)
    print(f"{'exact, one by one':<28}{states / (perf_counter() - start) / 1e6:>10.3f} million states a second")


def _command() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "states.csv"
        _write_rows(file)
        command = [sys.executable, "-m", "survey_service.cli", "eq5d", str(file)]
        seconds = _best(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))
    print(f"{'survey eq5d, with start-up':<28}{seconds:>10.2f} s for {ROWS:,} rows of {len(SETS)} sets")


def _write_rows(file: Path) -> None:
    types = {"SE-2014-TTO": "TTO", "SE-2020-TTO": "VT", "NL-2022-IVP": "IVP"}
    rng = np.random.default_rng(1)
    with file.open("w", encoding="utf-8", newline="") as lines:
        write = csv.writer(lines).writerow
        write(["person", "version", "type", "set", "state"])
        for person, which in enumerate(rng.integers(0, len(SETS), ROWS).tolist()):
            set_id = SETS[which]
            version = value_set_by_id(set_id).version
            base, _, way = set_id.partition("/")
            state = "".join(map(str, rng.integers(1, version.levels + 1, 5).tolist()))
            write([person, version.replace("-", ""), way or types[set_id], base, state])


def _best(run: Callable[[], object]) -> float:
    times = []
    for _ in range(TRIES):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
