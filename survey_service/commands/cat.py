"""`survey cat`: the adaptive testing engine from the command line, on files.

Thin entries to `cat_engine`. It needs no database and knows no patients.
"""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import click
import numpy as np

from cat_engine import RULES, AdaptiveTest, Ask, BankError, Grid, ItemBank, NormalPrior
from cat_engine.bank_file import read_bank_file
from cat_engine.blueprint_file import BlueprintError, read_blueprint
from cat_engine.calibration import CalibrationError, calibrate
from cat_engine.constraints import Infeasible
from cat_engine.estimators import ESTIMATORS
from cat_engine.exposure import Randomesque
from cat_engine.items import Model
from cat_engine.overlays import Overlay
from cat_engine.report import write_report
from cat_engine.response_file import ResponseError, read_response_file
from cat_engine.selection import Criterion
from cat_engine.simulation import Sessions, full_bank_estimates, simulate, simulate_post_hoc
from cat_engine.simulation_summary import Figures, summarise
from cat_engine.summed_score import SUMMED_SCORE_GRID, summed_score_table

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_REFUSED = (BankError, BlueprintError, CalibrationError, Infeasible, ResponseError, ValueError)

Command = Callable[..., None]


@click.group()
def cat() -> None:
    """Adaptive testing on item banks (CSV: item_id,a,b1..bk)."""


@dataclass(frozen=True, slots=True)
class _Settings:
    """The options that all commands running a test have in common."""

    bank: Path
    model: str
    rule: str
    criterion: str
    estimator: str
    prior: tuple[float, float]
    grid: tuple[float, float, int]
    first_item: str | None
    randomesque: int | None
    constraints: Path | None
    attributes: Path | None
    overlay: Path | None

    def test(self) -> AdaptiveTest:
        bank = ItemBank.from_csv(self.bank, grid=Grid(*self.grid), model=Model(self.model))
        if self.overlay is not None:
            items = read_bank_file(self.overlay, model=Model(self.model))
            bank = Overlay(name=self.overlay.stem, items=items).over(bank)
        blueprint = None
        if self.constraints is not None:
            if self.attributes is None:
                raise click.UsageError("--constraints needs --attributes")
            blueprint = read_blueprint(self.constraints, self.attributes)
        return AdaptiveTest(
            bank,
            RULES[self.rule],
            prior=NormalPrior(*self.prior),
            estimator=ESTIMATORS[self.estimator],
            criterion=Criterion(self.criterion),
            first_item=self.first_item,
            exposure=None if self.randomesque is None else Randomesque(self.randomesque),
            blueprint=blueprint,
        )


def _test_options(command: Command) -> Command:
    """Add the options of `_Settings`, and hand the command the test they make."""

    def run(**options: Any) -> None:
        settings = _Settings(**{name: options.pop(name) for name in _Settings.__slots__})
        with _refusals():
            command(test=settings.test(), **options)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]  # because Click hangs it on
    for option in reversed(_OPTIONS):
        option(run)
    return run


_OPTIONS = (
    click.option("--bank", required=True, type=_FILE, help="The bank's parameters."),
    click.option("--model", default="grm", show_default=True, type=click.Choice([model.value for model in Model])),
    click.option("--rule", default="promis-adult", show_default=True, type=click.Choice(sorted(RULES))),
    click.option("--criterion", default="mpwi", show_default=True, type=click.Choice([c.value for c in Criterion])),
    click.option("--estimator", default="eap", show_default=True, type=click.Choice(list(ESTIMATORS))),
    click.option("--prior", nargs=2, type=float, default=(0.0, 1.0), show_default=True, help="Mean and SD."),
    click.option(
        "--grid", nargs=3, type=(float, float, int), default=(-4.0, 4.0, 81), show_default=True, help="Of theta."
    ),
    click.option("--first-item", help="Asked first instead of the criterion's choice."),
    click.option("--randomesque", type=click.IntRange(min=2), help="Draw among so many of the best."),
    click.option("--constraints", type=_FILE, help="Content constraints (TestDesign's format)."),
    click.option("--attributes", type=_FILE, help="What the constraints speak of."),
    click.option("--overlay", type=_FILE, help="Parameters of a language or group, on the bank's metric."),
)


@cat.command("next")
@click.argument("answers", nargs=-1, metavar="[ITEM=CATEGORY]...")
@click.option("--seed", default=0, show_default=True, help="Of the session, where chance plays a part.")
@_test_options
def next_item(test: AdaptiveTest, answers: Sequence[str], seed: int) -> None:
    """Decide what follows these answers: one JSON object. ITEM= with nothing after it is a skipped item."""
    given = dict(map(_answer, answers))
    if len(given) != len(answers):
        raise click.UsageError("an item is answered twice")
    decision = test.next(given, seed=seed, asked=list(given))
    common = {
        "theta": _rounded(decision.theta),
        "se": _rounded(decision.se),
        "T": _rounded(decision.t),
        "SE_T": _rounded(decision.t_se),
        "criterion": _rounded(decision.criterion),
        "runner_up": decision.runner_up,
        "runner_up_criterion": _rounded(decision.runner_up_criterion),
        "bank": decision.bank_hash,
        "overlay": None if decision.overlay is None else decision.overlay.name,
    }
    said: dict[str, str | None]
    if isinstance(decision, Ask):
        said = {"decision": "ask", "item": decision.item_id, "reason": decision.reason}
    else:
        said = {"decision": "stop", "reason": decision.reason.value, "next_best": decision.next_best}
    click.echo(json.dumps(said | common, ensure_ascii=False))


@cat.command()
@click.argument("responses", type=_FILE)
@click.option("--seed", default=0, show_default=True, help="Of the first person's session; the next has the next.")
@click.option("--output", type=click.File("w", encoding="utf-8"), default="-", help="CSV; else on standard output.")
@_test_options
def replay(test: AdaptiveTest, responses: Path, seed: int, output: TextIO) -> None:
    """Play each row of RESPONSES.csv (person, then a column for each item) through the test."""
    matrix = read_response_file(responses)
    codes = matrix.in_order_of(test.bank)
    with _progress(len(codes), "Respondents") as progress:
        sessions = simulate_post_hoc(test, codes, seed=seed, available=matrix.item_ids, progress=progress)
    write = csv.writer(output, lineterminator="\n").writerow
    write(["person", "n", "T", "SE", "items", "T_full", "SE_full"])
    for row, full in enumerate(_full(test, codes)):
        if not sessions.answered[row]:
            # Without an answer the estimate is the prior, which says nothing about this person.
            score, full = ("", ""), full if codes[row].any() else ("", "")
        else:
            score = _t_and_se(float(sessions.theta[row]), float(sessions.se[row]))
        write([matrix.people[row], int(sessions.answered[row]), *score, "|".join(sessions.path(row)), *full])


def _full(test: AdaptiveTest, codes: np.ndarray[Any, np.dtype[np.int8]]) -> Iterator[tuple[str, str]]:
    if test.estimator is ESTIMATORS["eap"]:
        thetas, errors = full_bank_estimates(test, codes)
        yield from (_t_and_se(float(theta), float(se)) for theta, se in zip(thetas, errors, strict=True))
        return
    for row in codes.tolist():
        estimate = test.estimate({item: code for item, code in zip(test.bank.item_ids, row, strict=True) if code})
        yield _t_and_se(estimate.theta, estimate.se)


@cat.command("simulate")
@click.option("--people", default=1000, show_default=True, type=click.IntRange(min=1), help="With made-up answers.")
@click.option(
    "--true", "true", nargs=2, type=float, default=(0.0, 1.0), show_default=True, help="Mean and SD of theta."
)
@click.option("--responses", type=_FILE, help="Take real answers instead (post-hoc).")
@click.option("--seed", default=1, show_default=True)
@click.option("--report", type=click.Path(file_okay=False, path_type=Path), help="Write report.md into this folder.")
@click.option("--plots", is_flag=True, help="Draw plots beside the report (needs the extra `plots`).")
@_test_options
def simulate_command(
    test: AdaptiveTest,
    people: int,
    true: tuple[float, float],
    responses: Path | None,
    seed: int,
    report: Path | None,
    plots: bool,
) -> None:
    """Try a test on made-up people or real answers: CSV of bias, RMSE, SE, length and overlap by theta."""
    if plots and report is None:
        raise click.UsageError("--plots needs --report")
    sessions = _sessions(test, people, true, responses, seed)
    _write_figures(summarise(sessions).overall, summarise(sessions).bands)
    if report is not None:
        try:
            click.echo(f"The report is {write_report(sessions, report, plots=plots)}", err=True)
        except ModuleNotFoundError as missing:
            raise click.ClickException(f"Plots need {missing.name}: pip install 'survey-service[plots]'") from None


def _sessions(
    test: AdaptiveTest, people: int, true: tuple[float, float], responses: Path | None, seed: int
) -> Sessions:
    if responses is None:
        thetas = np.random.default_rng(seed).normal(*true, size=people)
        with _progress(people, "People") as progress:
            return simulate(test, thetas, seed=seed, progress=progress)
    matrix = read_response_file(responses)
    with _progress(len(matrix.people), "People") as progress:
        return simulate_post_hoc(
            test, matrix.in_order_of(test.bank), seed=seed, available=matrix.item_ids, progress=progress
        )


def _write_figures(overall: Figures, bands: Iterable[Figures]) -> None:
    write = csv.writer(sys.stdout, lineterminator="\n").writerow
    write(["theta", "people", "bias", "rmse", "mean_se", "coverage", "mean_items", "overlap"])
    for figures in (overall, *bands):
        numbers = (figures.bias, figures.rmse, figures.mean_se, figures.coverage, figures.mean_items, figures.overlap)
        write([figures.label, figures.people, *(f"{number:.6f}" for number in numbers)])


@cat.command()
@click.option("--bank", required=True, type=_FILE)
@click.option("--model", default="grm", show_default=True, type=click.Choice([model.value for model in Model]))
@click.option("--prior", nargs=2, type=float, default=(0.0, 1.0), show_default=True, help="Mean and SD.")
@click.option(
    "--grid",
    nargs=3,
    type=(float, float, int),
    default=(SUMMED_SCORE_GRID.minimum, SUMMED_SCORE_GRID.maximum, SUMMED_SCORE_GRID.count),
    show_default=True,
    help="Of theta.",
)
@click.option("--decimals", default=1, show_default=True, type=click.IntRange(0, 12))
@click.argument("items", nargs=-1, required=True, metavar="ITEM...")
def table(
    bank: Path,
    model: str,
    prior: tuple[float, float],
    grid: tuple[float, float, int],
    decimals: int,
    items: Sequence[str],
) -> None:
    """From summed score to T for a short form of these items: CSV of raw, T and SE. For complete answers only."""
    with _refusals():
        read = ItemBank.from_csv(bank, model=Model(model))
        lines = summed_score_table(read, items, prior=NormalPrior(*prior), grid=Grid(*grid))
    write = csv.writer(sys.stdout, lineterminator="\n").writerow
    write(["raw", "T", "SE"])
    for line in lines:
        write([line.raw, f"{line.estimate.t:.{decimals}f}", f"{line.estimate.t_se:.{decimals}f}"])


@cat.command("calibrate")
@click.argument("responses", type=_FILE)
@click.option("--reference", type=_FILE, help="The reference bank.")
@click.option("--anchor", "anchors", multiple=True, help="An item that fixes the metric; all in common if not given.")
@click.option("--link", default="stocking-lord", show_default=True, type=click.Choice(["stocking-lord", "mean-sigma"]))
@click.option("--output", type=click.File("w", encoding="utf-8"), default="-", help="The bank; else standard output.")
def calibrate_command(
    responses: Path, reference: Path | None, anchors: Sequence[str], link: str, output: TextIO
) -> None:
    """Estimate graded response parameters from RESPONSES.csv, linked to a reference bank by anchor items."""
    with _refusals():
        matrix = read_response_file(responses)
        known = None if reference is None else ItemBank.from_csv(reference)
        in_common = [item_id for item_id in matrix.item_ids if known is not None and item_id in known.index]
        outcome = calibrate(
            matrix.codes,
            matrix.item_ids,
            {item_id: _categories(known, item_id, matrix.codes[:, n]) for n, item_id in enumerate(matrix.item_ids)},
            reference=known,
            anchors=anchors or in_common,
            method=link,
        )
    _write_bank(outcome.bank, output)
    click.echo(
        f"{outcome.people} people; theta = {outcome.link.slope:.6f} own + {outcome.link.intercept:.6f}", err=True
    )
    for item_id in outcome.at_bound:
        click.echo(f"{item_id}: the slope is where the search ended; do not trust it", err=True)
    for fit in outcome.fit:
        click.echo(
            f"{fit.item_id}: S-X2 = {fit.statistic:.2f}, df = {fit.degrees_of_freedom}, p = {fit.p:.4f}", err=True
        )


def _categories(known: ItemBank | None, item_id: str, column: np.ndarray[Any, np.dtype[np.int8]]) -> int:
    if known is not None and item_id in known.index:
        return known.categories[known.index[item_id]]
    return int(column.max(initial=0))


def _write_bank(bank: ItemBank, output: TextIO) -> None:
    write = csv.writer(output, lineterminator="\n").writerow
    most = max(bank.categories) - 1
    write(["item_id", "a", *(f"b{number + 1}" for number in range(most)), "ncat"])
    for item in bank.items:
        thresholds = [repr(threshold) for threshold in item.thresholds]
        write([item.id, repr(item.slope), *thresholds, *[""] * (most - len(thresholds)), item.categories])


def _answer(text: str) -> tuple[str, int | None]:
    item_id, equals, value = text.rpartition("=")
    if not equals or not item_id or (value and not value.isdecimal()):
        raise click.UsageError(f"{text!r} is not ITEM=CATEGORY")
    return item_id, int(value) if value else None


def _t_and_se(theta: float, se: float) -> tuple[str, str]:
    return f"{50 + 10 * theta:.6f}", f"{10 * se:.6f}"


def _rounded(number: float | None) -> float | None:
    """To the 6 decimals that scores are stored with; infinity is no JSON."""
    return None if number is None or not np.isfinite(number) else round(number, 6)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except _REFUSED as refused:
        raise click.ClickException(str(refused)) from None


@contextmanager
def _progress(length: int, label: str) -> Iterator[Callable[[int], None]]:
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update
