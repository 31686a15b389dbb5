"""What an adaptive step, a simulation and a bank cost, with other engines beside it in the same run.

`make bench`, or `python -m benchmarks.engine`. The bank is that of PROMIS fatigue: 95 items of 5 categories, 81 points.
"""

import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import Any

import numpy as np

from benchmarks.peers import STEPS, MakeStep, installed_version
from cat_engine import PROMIS_ADULT, AdaptiveTest, Ask, Criterion, GradedItem, Grid, ItemBank
from cat_engine.simulation import made_up_answers, simulate_post_hoc

BANK = Path(__file__).resolve().parents[1] / "tests/unit/cat_engine/data/bank_fatigue95.csv"
PEOPLE = 100_000
ROUNDS = 5


def main() -> None:
    """Print the tables."""
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {_processor()}\n")
    bank = ItemBank.from_csv(BANK)
    _print_steps(bank)
    _print_peers(bank)
    _print_simulation()
    _print_growth()
    _print_loading()


def _print_steps(bank: ItemBank) -> None:
    print("One step (score, decide, choose), 95 x 5 x 81, after 0 to 11 answers; microseconds")
    for criterion in Criterion:
        times = _timed_sessions(AdaptiveTest(bank, PROMIS_ADULT, criterion=criterion))
        print(f"  {criterion.value:<8} median {median(times):7.1f}   95 % below {np.percentile(times, 95):7.1f}")


def _timed_sessions(test: AdaptiveTest, *, sessions: int = 400) -> list[float]:
    rng, times = np.random.default_rng(1), []
    for person in made_up_answers(test.bank, rng.standard_normal(sessions)).tolist():
        answers: dict[str, int | None] = {}
        while True:
            start = perf_counter_ns()
            decision = test.next(answers)
            times.append((perf_counter_ns() - start) / 1000)
            if not isinstance(decision, Ask):
                break
            answers[decision.item_id] = person[test.bank.index[decision.item_id]]
    return times


def _print_peers(bank: ItemBank) -> None:
    """Ours on five categories, theirs on two: the ratios are in our disfavour, and taken in turns in one process."""
    print("\nOne step beside other engines, in turns; theirs on items of two categories; microseconds")
    for name, setting, make in STEPS:
        release = installed_version(name)
        if release is None:
            print(f"  {name}: not installed")
            continue
        for count in (4, 12):
            ours, theirs = _in_turns(bank, make, count)
            ratios = sorted(other / own for own, other in zip(ours, theirs, strict=True))
            print(
                f"  {f'{name} {release}, {setting}':<50} {count:2} answers {median(theirs):9.1f}   "
                f"ours {median(ours):5.1f}   {median(ratios):5.0f} times ({ratios[0]:.0f} to {ratios[-1]:.0f})"
            )


def _in_turns(bank: ItemBank, make: MakeStep, count: int) -> tuple[list[float], list[float]]:
    items = [(item.slope, item.thresholds[1]) for item in bank.items]
    asked = list(range(3, 95, 7))[:count]
    answers = [position % 2 for position in range(count)]
    given = {bank.item_ids[position]: 2 + answer for position, answer in zip(asked, answers, strict=True)}
    # A rule without a bound on precision, so that neither side is spared the choice.
    test, step = AdaptiveTest(bank, replace(PROMIS_ADULT, maximum_items=20, se_below=None)), make(items, asked, answers)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_per_call(lambda: test.next(given), at_least=0.05))
        theirs.append(_per_call(step, at_least=0.2))
    return ours, theirs


def _per_call(step: Callable[[], Any], *, at_least: float) -> float:
    """Microseconds."""
    step()
    calls, start = 0, perf_counter()
    while (spent := perf_counter() - start) < at_least:
        step()
        calls += 1
    return 1e6 * spent / calls


def _print_simulation() -> None:
    print(f"\nPost-hoc simulation of {PEOPLE:,} people under the PROMIS adult rule, one core, a process of its own")
    for criterion in ("mpwi", "random"):
        command = [sys.executable, "-m", "benchmarks.engine", "--simulate", criterion]
        outcome = subprocess.run(command, capture_output=True, text=True, check=True, env=_one_core())
        told = json.loads(outcome.stdout)
        print(f"  {criterion:<8} {told['seconds']:6.2f} s, memory at most {told['megabytes']:.0f} MB")


def _simulate(criterion: str) -> None:
    bank = ItemBank.from_csv(BANK)
    codes = made_up_answers(bank, np.random.default_rng(1).standard_normal(PEOPLE))
    start = perf_counter()
    simulate_post_hoc(AdaptiveTest(bank, PROMIS_ADULT, criterion=Criterion(criterion)), codes)
    seconds = perf_counter() - start
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"seconds": seconds, "megabytes": megabytes}))


def _print_growth() -> None:
    print("\nGrowth of a step: microseconds, and those per million items x categories x points")
    for items, points in ((50, 81), (200, 81), (800, 81), (200, 321), (800, 321)):
        bank = ItemBank(tuple(_made_up_items(items)), Grid(-4, 4, points))
        test = AdaptiveTest(bank, PROMIS_ADULT)
        given = dict.fromkeys(bank.item_ids[:6], 3)
        cost = _per_call(lambda test=test, given=given: test.next(given), at_least=0.3)
        print(f"  {items:4} items x 5 x {points:3}   {cost:8.1f}   {1e6 * cost / (items * 5 * points):8.1f}")


def _made_up_items(count: int) -> Iterator[GradedItem]:
    rng = np.random.default_rng(2)
    for number in range(count):
        thresholds = np.cumsum(rng.uniform(0.2, 0.9, 4)) + rng.uniform(-2.5, 0.5)
        yield GradedItem(f"i{number}", float(rng.uniform(0.8, 4)), tuple(thresholds.tolist()))


def _print_loading() -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"bank-{os.getpid()}.csv"
    path.write_text("\n".join(_lines(_made_up_items(165))), encoding="utf-8")
    try:
        cost = _per_call(lambda: ItemBank.from_csv(path), at_least=0.5)
    finally:
        path.unlink()
    print(f"\nLoading a bank of 165 items: {cost / 1000:.1f} ms")


def _lines(items: Iterable[GradedItem]) -> Iterator[str]:
    yield "item_id,a,b1,b2,b3,b4"
    for item in items:
        yield ",".join([item.id, repr(item.slope), *map(repr, item.thresholds)])


def _one_core() -> dict[str, str]:
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--simulate"]:
        _simulate(sys.argv[2])
    else:
        main()
