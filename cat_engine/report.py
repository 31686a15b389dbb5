"""The report of a simulation: a Markdown page with its figures, and the plots beside it where matplotlib is installed.

For whoever decides whether a test may meet people.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from cat_engine.simulation import Sessions
from cat_engine.simulation_summary import Figures, Summary, summarise

_HEADER = ("theta", "people", "bias", "RMSE", "mean SE", "95 % coverage", "items", "overlap")


def write_report(sessions: Sessions, folder: Path, *, plots: bool = False) -> Path:
    """Write ``report.md`` into the folder, made where it is missing; returns the page.

    With ``plots`` also ``recovery.png``, ``precision.png`` and ``exposure.png`` (needs the extra ``plots``).
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn: Sequence[Path] = ()
    if plots:
        from cat_engine.plots import draw

        drawn = draw(sessions, folder)
    page = folder / "report.md"
    page.write_text("\n".join(_lines(sessions, summarise(sessions), drawn)) + "\n", encoding="utf-8")
    return page


def _lines(sessions: Sessions, summary: Summary, drawn: Sequence[Path]) -> Iterable[str]:
    test = sessions.test
    reference = "the true theta" if sessions.reference_is_true else "the estimate from all answers"
    yield "# Simulation of an adaptive test\n"
    yield from _settings(sessions)
    yield f"\n## Recovery\n\nEstimate against {reference}, in theta units; correlation {summary.correlation:.4f}.\n"
    yield from _table(_HEADER, map(_row, (summary.overall, *summary.bands)))
    yield "\n## Why sessions ended\n"
    yield from _table(("reason", "people"), ((reason.value, str(count)) for reason, count in summary.reasons.items()))
    yield "\n## Exposure\n"
    unused = sum(rate == 0 for rate in summary.exposure.values())
    yield f"{unused} of {len(test.bank.items)} items were never asked.\n"
    rates = sorted(summary.exposure.items(), key=lambda pair: (-pair[1], pair[0]))
    yield from _table(("item", "rate"), ((item_id, f"{rate:.3f}") for item_id, rate in rates if rate))
    for plot in drawn:
        yield f"\n![{plot.stem}]({plot.name})"


def _settings(sessions: Sessions) -> Iterable[str]:
    test = sessions.test
    yield f"- people: {len(sessions.theta)}"
    yield f"- bank: {len(test.bank.items)} items, {test.bank.content_hash}"
    if test.bank.overlay is not None:
        yield f"- overlay: {test.bank.overlay.name}"
    yield f"- rule: {test.rule}"
    yield f"- criterion: {test.criterion.value}; estimator: {test.estimator.name}; prior: {test.prior}"
    yield f"- grid: {test.bank.grid}"
    constraints = 0 if test.blueprint is None else len(test.blueprint.constraints)
    yield f"- exposure control: {type(test.exposure).__name__ if test.exposure else 'none'}; constraints: {constraints}"


def _row(figures: Figures) -> tuple[str, ...]:
    return (
        figures.label,
        str(figures.people),
        f"{figures.bias:+.3f}",
        f"{figures.rmse:.3f}",
        f"{figures.mean_se:.3f}",
        f"{figures.coverage:.3f}",
        f"{figures.mean_items:.2f}",
        f"{figures.overlap:.3f}",
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
