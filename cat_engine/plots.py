"""Plots of a simulation and of a bank, with matplotlib (the optional extra ``plots``), which is loaded only here.

For the report. No figure is to be read from a plot alone: the report's tables say the same.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cat_engine.simulation import Sessions
from cat_engine.simulation_summary import BANDS, summarise

# More points than these are one black cloud, and slow to look at.
_MOST_POINTS = 5000
_SIZE = (7.0, 4.5)


def draw(sessions: Sessions, folder: Path) -> Sequence[Path]:
    """Draw ``recovery.png``, ``precision.png`` and ``exposure.png`` into the folder."""
    painters = {"recovery": _recovery, "precision": _precision, "exposure": _exposure}
    return [_draw(paint, sessions, folder / f"{name}.png") for name, paint in painters.items()]


def _draw(paint: Any, sessions: Sessions, path: Path) -> Path:
    # The figure is made without pyplot: no window system, and no state that outlives the call.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    paint(figure.subplots(), sessions)
    figure.savefig(path, dpi=150)
    return path


def _recovery(axes: Any, sessions: Sessions) -> None:
    some = slice(None, None, max(1, len(sessions.theta) // _MOST_POINTS))
    axes.plot(sessions.reference[some], sessions.theta[some], ".", markersize=2, alpha=0.4)
    ends = [float(sessions.test.bank.points[0]), float(sessions.test.bank.points[-1])]
    axes.plot(ends, ends, color="black", linewidth=0.8)
    axes.set_xlabel("true theta" if sessions.reference_is_true else "theta from all answers")
    axes.set_ylabel("theta of the adaptive test")


def _precision(axes: Any, sessions: Sessions) -> None:
    some = slice(None, None, max(1, len(sessions.theta) // _MOST_POINTS))
    axes.plot(sessions.theta[some], sessions.se[some], ".", markersize=2, alpha=0.4, label="standard error")
    axes.set_xlabel("theta of the adaptive test")
    axes.set_ylabel("standard error")
    counts = axes.twinx()
    groups = np.digitize(sessions.reference, BANDS)
    middles = [BANDS[0] - 0.5, *(low + 0.5 for low in BANDS)]
    means = [(middles[band], sessions.answered[groups == band].mean()) for band in sorted(set(groups.tolist()))]
    counts.plot(*zip(*means, strict=True), "o-", color="tab:orange")
    counts.set_ylabel("mean number of items (orange)")
    counts.set_ylim(bottom=0)


def _exposure(axes: Any, sessions: Sessions) -> None:
    rates = sorted(summarise(sessions).exposure.values(), reverse=True)
    axes.bar(range(1, len(rates) + 1), rates, width=1.0)
    axes.set_xlabel("items, most asked first")
    axes.set_ylabel("proportion of people who were asked")
    axes.set_ylim(0, 1)
