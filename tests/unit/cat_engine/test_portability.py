"""The same result on every machine: other BLAS kernels and other vector instructions change nothing that counts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cat_engine import Criterion

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import json, sys
from cat_engine import *
bank = ItemBank.from_csv(sys.argv[1])
sessions = []
for criterion in Criterion:
    for estimator in ESTIMATORS.values():
        test = AdaptiveTest(bank, PROMIS_ADULT, criterion=criterion, estimator=estimator)
        for code in range(1, 6):
            answers = {}
            while isinstance(decision := test.next(answers), Ask):
                answers[decision.item_id] = (code + len(answers)) % 5 + 1
            sessions.append([list(answers), decision.reason.value, decision.theta, decision.se])
print(json.dumps(sessions))
"""


def _sessions(**environment: str) -> list[tuple[list[str], str, float, float]]:
    outcome = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(DATA / "bank_fatigue95.csv")],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    sessions: list[tuple[list[str], str, float, float]] = json.loads(outcome.stdout)
    return sessions


def _dispatched_instructions() -> str:
    """Those that numpy may do without: none of its baseline, which cannot be switched off."""
    features = np.show_config(mode="dicts")["SIMD Extensions"]
    return " ".join(features.get("found", []))


@pytest.mark.parametrize("kernel", ["Haswell", "Nehalem", "Sandybridge"])
def test_other_arithmetic_gives_the_same_paths_and_scores(kernel: str) -> None:
    here = _sessions()
    there = _sessions(NPY_DISABLE_CPU_FEATURES=_dispatched_instructions(), OPENBLAS_CORETYPE=kernel)
    assert len(here) == 5 * len(Criterion) * 4
    for (path, reason, *figures), (other_path, other_reason, *others) in zip(here, there, strict=True):
        assert (path, reason) == (other_path, other_reason)
        assert figures == pytest.approx(others, abs=1e-9)
