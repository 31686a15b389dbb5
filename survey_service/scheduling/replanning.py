"""What a change does to what is planned: which occasions are added, moved and withdrawn. Pure.

A new version of the protocol, a moved event and a pause all end here, so that a preview and the change itself are the
same computation. What has been begun is never touched, and what has been answered is never asked again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from survey_service.scheduling.rules import PlannedOccasion


@dataclass(frozen=True, slots=True)
class StandingOccasion:
    """An occasion as it is kept. ``asked`` are its instruments as (id, version, form), in order."""

    id: UUID
    code: str
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    reminds_at: tuple[datetime, ...]
    asked: tuple[tuple[str, str, str], ...]
    is_begun: bool
    is_withdrawn: bool


@dataclass(frozen=True, slots=True)
class Move:
    """An occasion that is not begun, and where it goes. One that was withdrawn stands again."""

    standing: StandingOccasion
    planned: PlannedOccasion


@dataclass(frozen=True, slots=True)
class Replan:
    """A change as it would be applied, for a preview to show.

    ``kept`` are begun, past, or as they should be. ``withdrawn`` are not asked by the plan any more.
    """

    added: tuple[PlannedOccasion, ...]
    moved: tuple[Move, ...]
    withdrawn: tuple[StandingOccasion, ...]
    kept: tuple[StandingOccasion, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.moved or self.withdrawn)


def replan(planned: Collection[PlannedOccasion], standing: Collection[StandingOccasion], now: datetime) -> Replan:
    """From what stands to what is planned (``rules.all_occasions``).

    An occasion whose window was over before anybody began it stays as the missed one that it is, and one whose new
    window would already be over is withdrawn. An occasion that asks other instruments than before is another
    occasion: the old one is withdrawn, and the new one cannot have its code, so the protocol gives it a new one
    (``refuse_other_instruments`` in the rules of a protocol's next version).
    """
    by_code = {one.code: one for one in planned}
    known = {one.code for one in standing}
    moved: list[Move] = []
    withdrawn: list[StandingOccasion] = []
    kept: list[StandingOccasion] = []
    for one in standing:
        goal = by_code.get(one.code)
        if one.is_begun or (not one.is_withdrawn and one.closes_at <= now):
            kept.append(one)
        elif goal is None or goal.closes_at <= now:
            (kept if one.is_withdrawn else withdrawn).append(one)
        elif one.is_withdrawn or _moments(one) != _moments(goal):
            moved.append(Move(one, goal))
        else:
            kept.append(one)
    added = tuple(one for one in planned if one.code not in known and one.closes_at > now)
    return Replan(added, tuple(moved), tuple(withdrawn), tuple(kept))


def _moments(one: StandingOccasion | PlannedOccasion) -> tuple[object, ...]:
    return one.opens_at, one.due_at, one.closes_at, one.reminds_at
