"""Drafts of protocols: what a manager has written so far, kept as it stands, each with their own."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.errors import AccessDenied, BadInput, mark
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.scheduling.next_version import check_definition
from survey_service.scheduling.protocol_fields import Fields, fields_of
from survey_service.scheduling.protocol_previewing import forget_look, refuse_who_manages_nothing
from survey_service.scheduling.protocol_queries import Draft, draft_of, protocol_code, versions_of
from survey_service.scheduling.records import care_protocols, protocol_drafts
from survey_service.scheduling.rules import CODE

# A form of sixty occasions is a fifth of this.
_LARGEST = 200_000


def begin_protocol(services: Services, *, code: str, as_: Staff) -> UUID:
    """A protocol that has only its code, and a draft; sent twice, or known already, it is that one.

    Nobody can order it until a version is published. Raises ``BadInput`` for a code that cannot be one.
    """
    code = code.strip()
    with services.db.transaction(as_=as_) as connection:
        refuse_who_manages_nothing(connection, services, as_)
        if not CODE.fullmatch(code):
            raise BadInput(
                "The protocol's code must be small letters, digits and dashes, at most 40.",
                fields={"code": mark("The protocol's code must be small letters, digits and dashes, at most 40.")},
            )
        insert_if_new(
            connection,
            upsert(care_protocols)
            .values(id=new_id(), provider_id=as_.provider_id, code=code)
            .on_conflict_do_nothing(index_elements=["provider_id", "code"]),
        )
        protocol_id: UUID = connection.execute(
            sa.select(care_protocols.c.id).where(care_protocols.c.code == code)
        ).scalar_one()
        if not versions_of(connection, protocol_id) and draft_of(connection, protocol_id) is None:
            _keep(connection, services, protocol_id, fields_of({"code": code}), after=0, as_=as_)
    return protocol_id


def open_draft(services: Services, protocol_id: UUID, *, as_: Staff) -> Draft:
    """The manager's own draft, or what a new one begins with: the newest version."""
    with services.db.transaction(as_=as_) as connection:
        refuse_who_manages_nothing(connection, services, as_)
        code = _code(connection, protocol_id)
        if (found := draft_of(connection, protocol_id)) is not None:
            return found
        versions = versions_of(connection, protocol_id)
    if not versions:
        return Draft(0, fields_of({"code": code}), services.clock())
    return Draft(versions[0].version, fields_of(versions[0].definition), services.clock())


def save_draft(services: Services, protocol_id: UUID, fields: Fields, *, as_: Staff) -> None:
    """Keep what is written, right or not. The code is the protocol's and is not written."""
    if sum(len(name) + len(value) for name, value in fields.items()) > _LARGEST:
        raise BadInput("The form is too large. Use a file.")
    with services.db.transaction(as_=as_) as connection:
        refuse_who_manages_nothing(connection, services, as_)
        code = _code(connection, protocol_id)
        versions = versions_of(connection, protocol_id)
        found = draft_of(connection, protocol_id)
        newest = versions[0].version if versions else 0
        after = newest if found is None else found.after
        _keep(connection, services, protocol_id, {**fields, "code": code}, after=after, as_=as_)


def draft_from_file(services: Services, protocol_id: UUID, definition: Mapping[str, Any], *, as_: Staff) -> None:
    """Take a file in as the draft. Raises ``BadInput`` for one that could not be published, or is of another."""
    with services.db.transaction(as_=as_) as connection:
        refuse_who_manages_nothing(connection, services, as_)
        check_definition(definition)
        if _code(connection, protocol_id) != definition["code"]:
            raise BadInput(
                "The file is of another protocol.", fields={"file": mark("The file is of another protocol.")}
            )
    save_draft(services, protocol_id, fields_of(definition), as_=as_)


def discard_draft(services: Services, protocol_id: UUID, *, as_: Staff) -> None:
    """Throw away one's own draft."""
    with services.db.transaction(as_=as_) as connection:
        refuse_who_manages_nothing(connection, services, as_)
        _code(connection, protocol_id)
        connection.execute(sa.delete(protocol_drafts).where(protocol_drafts.c.protocol_id == protocol_id))
        forget_look(connection, protocol_id)


def _code(connection: Connection, protocol_id: UUID) -> str:
    code = protocol_code(connection, protocol_id)
    if code is None:
        raise AccessDenied
    return code


def _keep(
    connection: Connection, services: Services, protocol_id: UUID, fields: Fields, *, after: int, as_: Staff
) -> None:
    values = {"after": after, "fields": dict(fields), "saved_at": services.clock()}
    connection.execute(
        upsert(protocol_drafts)
        .values(protocol_id=protocol_id, provider_id=as_.provider_id, staff_id=as_.staff_id, **values)
        .on_conflict_do_update(index_elements=["protocol_id", "staff_id"], set_=values)
    )
