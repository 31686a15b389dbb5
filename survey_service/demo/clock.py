"""The demonstration's clock: time that can be moved, so that a year of follow-up is seen in a minute.

What was moved is kept in a file in the demonstration's folder, which web and worker read whenever they ask the time.
Anywhere but in a demonstration the setting is refused (`settings`), and the database refuses to hasten jobs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from survey_service.foundation.clock import Clock, utc_now


@dataclass(frozen=True, slots=True)
class MovedClock:
    """The real time, and so much more (or less) as the file says; nothing more where there is no file."""

    file: Path
    real: Clock = utc_now

    def __call__(self) -> datetime:
        return self.real() + self.offset

    @property
    def offset(self) -> timedelta:
        try:
            return timedelta(seconds=float(self.file.read_text(encoding="ascii")))
        except (FileNotFoundError, ValueError):
            return timedelta(0)

    def move_to(self, moment: datetime) -> None:
        """From here on it is this moment. The file is replaced whole: nobody reads half of it."""
        offset = (moment.astimezone(UTC) - self.real()).total_seconds()
        beside = self.file.with_suffix(".new")
        beside.write_text(str(offset), encoding="ascii")
        beside.replace(self.file)

    def back_to_now(self) -> None:
        self.file.unlink(missing_ok=True)
