"""A patient's course as a document for the record: tagged PDF/UA by typst, with the figures of the page.

The words are those of the page's description, the layout is the typst file's own. What is said of the patient goes in
as data, never as typst source, so that no name can be a command.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import typst

from survey_service.errors import Unavailable
from survey_service.http import __file__ as http
from survey_service.http.locale import gettext, long_datetime

_LAYOUT = Path(http).parent / "templates" / "documents" / "course.typ"
_STANDARD: Final = "ua-1"


def document(described: Mapping[str, Any], patient: Mapping[str, str], *, made_at: datetime) -> bytes:
    """The PDF, in the language of the request. The title in its metadata names nobody."""
    values = {
        "words": _words(),
        "patient": [patient["name"], patient["personal_number"]],
        "made": gettext("Made %(time)s from the answers that stood then.", time=long_datetime(made_at)),
        "is_cut": described["is_cut"],
        "panels": [_panel(panel) for panel in described["panels"]],
    }
    return compiled(_LAYOUT, json.dumps(values), made_at)


def compiled(layout: Path, data: str, made_at: datetime) -> bytes:
    """The PDF of a layout and its data, by the standard where that can be. Raises ``Unavailable``."""
    # Outside the handler, so that no trace holds what the compiler says: it quotes the text that it cannot write.
    return (
        _compiled(layout, data, made_at, standard=_STANDARD)
        or _compiled(layout, data, made_at, standard=None)
        or _unwritten()
    )


def _compiled(layout: Path, data: str, made_at: datetime, *, standard: Literal["ua-1"] | None) -> bytes | None:
    """The PDF; None where it cannot be made so.

    PDF/UA refuses a letter that no font of the machine has, as in a name: then it is tagged all the same, and the
    personal number says who is meant.
    """
    try:
        return typst.compile(
            layout.read_bytes(),
            format="pdf",
            pdf_standards=standard,
            sys_inputs={"data": data},
            timestamp=int(made_at.timestamp()),
        )
    except typst.TypstError:
        return None


def _unwritten() -> NoReturn:
    raise Unavailable("The document cannot be made just now.")


def _words() -> Mapping[str, str]:
    return {
        "title": gettext("Results over time"),
        "nothing": gettext("Nothing has been answered yet."),
        "cut": gettext("Only the newest results are shown."),
        "compared": gettext(
            "Figures are joined by a line only where they can be compared: the same survey, side, scoring and person"
            " who answers."
        ),
        "time": gettext("Time runs from left to right."),
        "error": gettext("The bars and the shade are one standard error on each side."),
        "reference": gettext("The dashed line across is the average of the reference group."),
        "events": gettext("Events, by their number in the pictures"),
        "table": gettext("All figures"),
        "day": gettext("Day"),
        "page": gettext("Page"),
    }


def _panel(panel: Mapping[str, Any]) -> Mapping[str, Any]:
    side = [panel["side"]] if panel["side"] else []
    return {
        "title": " · ".join([panel["title"], *side]),
        "charts": [
            {
                **{name: chart[name] for name in ("title", "svg", "has_error", "has_reference", "breaks", "alt")},
                "said": " ".join(words for words in (chart["direction"], chart["important_change"]) if words),
                "lines": [f"{line['letter']} {line['words']}".strip() for line in chart["lines"]],
            }
            for chart in panel["charts"]
        ],
        "events": panel["events"],
        "columns": [*panel["dimensions"], *panel["columns"]],
        "rows": [_row(row) for row in panel["rows"]],
    }


def _row(row: Mapping[str, Any]) -> list[str]:
    head = ", ".join([row["day"], *([row["occasion"]] if row["occasion"] else []), *row["notes"]])
    return [head, *row["levels"], *map(_cell, row["cells"])]


def _cell(cell: Mapping[str, Any]) -> str:
    if cell["shown"] is None:
        return f"– ({cell['missing']})" if cell["missing"] else "–"
    error = f"± {cell['error']}" if cell["error"] else ""
    return " ".join(part for part in (cell["shown"], error, cell["letter"]) if part)
