"""What becomes of a release once the unit has corrected or voided the response.

The commit of the new version has set the release aside already, so that no register sees it; here the feed says so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.delivery.queries import VersionKind, current_version
from survey_service.foundation.db import new_id
from survey_service.foundation.services import Services
from survey_service.registers.records import releases_set_aside


@dataclass(frozen=True, slots=True)
class SetAside:
    """A release that a register was given and may no longer see; ``reference`` is what it calls the response."""

    register_id: UUID
    response_id: UUID
    release_id: UUID
    reference: UUID


@dataclass(frozen=True, slots=True)
class NewRelease:
    """A release that has been written and not yet told."""

    register_id: UUID
    response_id: UUID
    release_id: UUID


def set_aside(connection: Connection, response_ids: Collection[UUID]) -> Mapping[tuple[UUID, UUID], SetAside]:
    """By register and response, what the feeds still have to account for."""
    table = releases_set_aside.c
    rows = connection.execute(
        sa.select(table.register_id, table.response_id, table.release_id, table.reference).where(
            table.response_id.in_(response_ids)
        )
    ).all()
    return {(row.register_id, row.response_id): SetAside(*row) for row in rows}


def announce(
    connection: Connection,
    services: Services,
    new: Sequence[NewRelease],
    earlier: Mapping[tuple[UUID, UUID], SetAside],
) -> None:
    """Tell the feeds of new releases: as results, or as what replaces an earlier one.

    An earlier one that nothing replaces is withdrawn. In the order of the registers' ids, in which everybody locks.
    """
    released = {(one.register_id, one.response_id): one.release_id for one in new}
    for register_id in sorted({place[0] for place in released.keys() | earlier.keys()}):
        fresh = [one.release_id for one in new if one.register_id == register_id and _place(one) not in earlier]
        if fresh:
            connection.execute(sa.text("SELECT announce_releases(:releases)"), {"releases": fresh})
        for place, gone in earlier.items():
            if place[0] != register_id:
                continue
            if place in released:
                replace_release(connection, released[place], gone)
            else:
                withdraw_release(connection, services, gone)


def _place(one: NewRelease) -> tuple[UUID, UUID]:
    return one.register_id, one.response_id


def replace_release(connection: Connection, release_id: UUID, earlier: SetAside) -> None:
    """Announce a release that stands in for an earlier one."""
    connection.execute(
        sa.text("SELECT announce_correction(:release, :replaces)"),
        {"release": release_id, "replaces": earlier.release_id},
    )
    connection.execute(sa.delete(releases_set_aside).where(releases_set_aside.c.release_id == earlier.release_id))


def withdraw_release(connection: Connection, services: Services, earlier: SetAside) -> None:
    """Announce that an earlier release is gone, and order its erasure where the patient or the unit said so."""
    objected = connection.execute(sa.select(sa.func.objected_to_set_aside(earlier.release_id))).scalar_one()
    is_voided = current_version(connection, [earlier.response_id])[earlier.response_id].kind is VersionKind.VOIDED
    reason = "objection" if objected else "voided" if is_voided else None
    connection.execute(
        sa.text("SELECT withdraw_set_aside(:release, :order, :reason, :at)"),
        {"release": earlier.release_id, "order": new_id(), "reason": reason, "at": services.clock()},
    )
