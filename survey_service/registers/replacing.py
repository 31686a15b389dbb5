"""What becomes of a release once the unit has corrected or voided the response.

The commit of the new version has set the release aside already, so that no register sees it; here the feed says so.
"""

from collections.abc import Mapping
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

    release_id: UUID
    register_id: UUID
    reference: UUID


def set_aside(connection: Connection, response_id: UUID) -> Mapping[UUID, SetAside]:
    """By register, what the feed still has to account for. The register's name for the response outlives a version."""
    rows = connection.execute(
        sa.select(releases_set_aside.c.release_id, releases_set_aside.c.register_id, releases_set_aside.c.reference)
        .where(releases_set_aside.c.response_id == response_id)
        .order_by(releases_set_aside.c.register_id)
    ).all()
    return {row.register_id: SetAside(*row) for row in rows}


def announce(connection: Connection, services: Services, response_id: UUID, released: Mapping[UUID, UUID]) -> None:
    """Tell the feeds of the new releases (by register): as results, or as what replaces an earlier one.

    An earlier one that nothing replaces is withdrawn. Last in the transaction, and in the order of the registers: the
    lock on a feed is held only until the commit that follows.
    """
    waiting = set_aside(connection, response_id)
    for register_id in sorted(released.keys() | waiting.keys()):
        release_id, earlier = released.get(register_id), waiting.get(register_id)
        if earlier is None:
            connection.execute(sa.text("SELECT announce_release(:release)"), {"release": release_id})
        elif release_id is None:
            withdraw_release(connection, services, response_id, earlier)
        else:
            replace_release(connection, release_id, earlier)


def replace_release(connection: Connection, release_id: UUID, earlier: SetAside) -> None:
    """Announce a release that stands in for an earlier one."""
    connection.execute(
        sa.text("SELECT announce_correction(:release, :replaces)"),
        {"release": release_id, "replaces": earlier.release_id},
    )
    connection.execute(sa.delete(releases_set_aside).where(releases_set_aside.c.release_id == earlier.release_id))


def withdraw_release(connection: Connection, services: Services, response_id: UUID, earlier: SetAside) -> None:
    """Announce that an earlier release is gone, and order its erasure where the patient or the unit said so."""
    objected = connection.execute(sa.select(sa.func.objected_to_set_aside(earlier.release_id))).scalar_one()
    is_voided = current_version(connection, [response_id])[response_id].kind is VersionKind.VOIDED
    reason = "objection" if objected else "voided" if is_voided else None
    connection.execute(
        sa.text("SELECT withdraw_set_aside(:release, :order, :reason, :at)"),
        {"release": earlier.release_id, "order": new_id(), "reason": reason, "at": services.clock()},
    )
