"""The follow-up of a unit as a table in a file: one line for each figure, suppressed as on the page."""

import csv
from collections.abc import Mapping
from io import StringIO

from survey_service.insight.reporting import Line, Report
from survey_service.insight.use_cases import SCOPES

# By column: what it means, as the documentation has it.
COLUMNS: Mapping[str, str] = {
    "from": "The first month of the period.",
    "to": "The last month of the period.",
    "protocol": "The code of the care protocol.",
    "occasion": "The code of the occasion; of a series, all of it.",
    "measure": "What is told: response, reason, withdrawn, minutes, score, change, important, reliable or paretian.",
    "subject": "The questionnaire (minutes) or the variable (score and everything after it).",
    "cell": "Which part of the measure, where it has parts.",
    "count": "How many. <5 is fewer than five, a range is told where the exact figure would give a small one away.",
    "of": "Of how many.",
    "percent": "count of of.",
    "mean": "The mean, of five or more.",
    "mean_low": "The lower end of its 95 % interval.",
    "mean_high": "The upper end of its 95 % interval.",
    "lower_quartile": "Minutes within which a quarter were ready.",
    "median": "Minutes within which half were ready.",
    "upper_quartile": "Minutes within which three quarters were ready.",
    **{
        f"{scope}_{name}": meaning
        for scope in SCOPES
        for name, meaning in (
            ("count", "The same of the others, of response; of the rest at least so many."),
            ("percent", "The share among the others, in whole per cent."),
            ("mean", "The mean of the others."),
        )
    },
}


def as_csv(found: Report) -> str:
    """With a byte order mark, so that a spreadsheet reads it as what it is."""
    text = StringIO()
    writer = csv.DictWriter(text, fieldnames=list(COLUMNS), restval="", lineterminator="\r\n")
    writer.writeheader()
    for line in found.lines:
        writer.writerow({"from": f"{found.first:%Y-%m}", "to": f"{found.last:%Y-%m}"} | _row(line))
    return f"\ufeff{text.getvalue()}"


def _row(line: Line) -> dict[str, object]:
    row: dict[str, object] = {
        "protocol": line.protocol,
        "occasion": line.occasion,
        "measure": line.kind.value,
        "subject": line.subject,
        "cell": line.cell,
        "count": line.count.shown,
        "of": line.of.shown if line.of else "",
    }
    if line.share is not None:
        exact = line.share.low == line.share.high
        row["percent"] = line.share.low if exact else f"{line.share.low}-{line.share.high}"
    if line.mean is not None:
        low, high = line.mean.mean - line.mean.half_width, line.mean.mean + line.mean.half_width
        row |= {"mean": round(line.mean.mean, 3), "mean_low": round(low, 3), "mean_high": round(high, 3)}
    if line.quartiles is not None:
        times = line.quartiles
        row |= {"lower_quartile": times.lower, "median": times.median, "upper_quartile": times.upper}
    for scope, other in line.others.items():
        row |= {f"{scope}_count": other.n, f"{scope}_percent": "" if other.share is None else other.share}
        row[f"{scope}_mean"] = "" if other.mean is None else round(other.mean, 3)
    return row
