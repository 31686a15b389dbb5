"""Files as a register would hand them over, with made-up figures on the project's own and tiny questionnaires."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from survey_service.history.rules import Outcome
from survey_service.history.use_cases import RowReport
from tests.world import World

ITEMS = ("mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression", "vas")


def scored_row(world: World, number: str, key: str = "r-1", **changes: str) -> dict[str, str]:
    """A row with a score and no item answers."""
    row = {
        "personal_number": number,
        "source_key": key,
        "instrument": "promis-anxiety",
        "version": world.services.library.latest("promis-anxiety").version,
        "completed": "2019-05-03",
        "mode": "paper",
        "language": "sv",
        "method": "as the register computed it",
        "score:promis_anxiety.t": "55.2",
    }
    return row | changes


def write_rows(path: Path, rows: Sequence[Mapping[str, str]], *, delimiter: str = ",") -> Path:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


class Reports(list[RowReport]):
    """What was told of the rows, in the order of the file."""

    @property
    def outcomes(self) -> list[Outcome]:
        return [one.outcome for one in self]
