"""A provider's own record system: entered, tested, activated and paused by a manager of one of its units.

A system that is in use is never changed: what is entered anew is a draft, and takes its place when it is activated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from sqlalchemy import Connection, insert

from survey_service.access.queries import manages_unit
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.gateway import RecordSystemGateway
from survey_service.delivery.pushing import CATCH_UP_JOB, destination_of
from survey_service.delivery.records import record_systems
from survey_service.delivery.rules import Authentication, SystemRoute, SystemState, may_be_called
from survey_service.errors import AccessDenied, BadInput, mark
from survey_service.foundation.db import new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.people.rules import parse_email

_LONGEST = 300
# No transaction is open for longer.
_SETTLED = timedelta(minutes=1)
_SMALLEST_RSA = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What a manager writes about a record system. Which of it counts, its route says."""

    name: str
    route: SystemRoute
    base_url: str = ""
    authentication: Authentication = Authentication.OAUTH
    token_url: str = ""
    client_id: str = ""
    scope: str = ""
    jwks: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSystemEntry:
    """A record system as its provider sees it."""

    id: UUID
    name: str
    state: SystemState
    route: SystemRoute
    base_url: str
    authentication: Authentication | None
    token_url: str
    client_id: str
    scope: str


def entries(connection: Connection) -> list[RecordSystemEntry]:
    """The provider's draft, and the system in use or paused, the one in use first."""
    rows = connection.execute(
        sa.select(record_systems)
        .where(record_systems.c.state != SystemState.RETIRED)
        .order_by(record_systems.c.state == SystemState.DRAFT, record_systems.c.id)
    ).all()
    return [
        RecordSystemEntry(
            id=row.id,
            name=row.name,
            state=SystemState(row.state),
            route=SystemRoute(row.route),
            base_url=row.base_url or "",
            authentication=None if row.authentication is None else Authentication(row.authentication),
            token_url=row.token_url or "",
            client_id=row.client_id or "",
            scope=row.scope or "",
        )
        for row in rows
    ]


def enter(services: Services, entered: Entered, *, as_: Staff) -> UUID:
    """Write the draft, over the one before. Raises ``BadInput`` by field, ``AccessDenied`` for who is no manager."""
    system_id = new_id()
    values = _checked(services, entered, system_id)
    with services.db.transaction(as_=as_) as connection:
        require_manager(connection, services, as_)
        connection.execute(
            sa.update(record_systems)
            .where(record_systems.c.state == SystemState.DRAFT)
            .values(state=SystemState.RETIRED)
        )
        connection.execute(
            insert(record_systems).values(id=system_id, provider_id=as_.provider_id, state=SystemState.DRAFT, **values)
        )
        _log(connection, services, system_id, as_)
    return system_id


def test_connection(services: Services, system_id: UUID, *, as_: Staff) -> str | None:
    """One sentence that says what is wrong with the connection, or None."""
    with services.db.transaction(as_=as_) as connection:
        require_manager(connection, services, as_)
        row = _own(connection, system_id)
    if row.route == SystemRoute.FETCH:
        return None  # it comes to us: there is nothing to call
    return RecordSystemGateway(services.settings, services.clock).why_not(destination_of(row))


def activate(services: Services, system_id: UUID, *, as_: Staff) -> None:
    """Use the system from now on, and send it what nobody has received. Raises ``BadInput`` if it cannot be reached."""
    problem = test_connection(services, system_id, as_=as_)
    if problem is not None:
        raise BadInput(problem)
    with services.db.transaction(as_=as_) as connection:
        _own(connection, system_id)
        connection.execute(
            sa.update(record_systems)
            .where(
                record_systems.c.id != system_id,
                record_systems.c.state.in_([SystemState.ACTIVE, SystemState.PAUSED]),
            )
            .values(state=SystemState.RETIRED)
        )
        _set_state(connection, system_id, SystemState.ACTIVE)
        _log(connection, services, system_id, as_)
        # Twice: what is being completed in this moment does not see the system yet, nor the first job the response.
        for at in (None, services.clock() + _SETTLED):
            enqueue(connection, CATCH_UP_JOB, at=at, provider_id=as_.provider_id)


def pause(services: Services, system_id: UUID, *, as_: Staff) -> None:
    """Send nothing, and let nothing be fetched, until it is activated again."""
    with services.db.transaction(as_=as_) as connection:
        require_manager(connection, services, as_)
        if _own(connection, system_id).state == SystemState.ACTIVE:
            _set_state(connection, system_id, SystemState.PAUSED)
            _log(connection, services, system_id, as_)


def set_alarm_email(services: Services, email: str, *, as_: Staff) -> None:
    """Where the unit wants to be told that something waits. Empty is nowhere. Raises ``BadInput``."""
    address = _email(email)
    with services.db.transaction(as_=as_) as connection:
        require_manager(connection, services, as_)
        connection.execute(sa.text("SELECT set_alarm_email(:unit, :email)"), {"unit": as_.unit_id, "email": address})


def require_manager(connection: Connection, services: Services, as_: Staff) -> None:
    """Raises ``AccessDenied`` unless the commission is that of a unit's manager."""
    if not manages_unit(connection, as_, services.clock()):
        raise AccessDenied


def _email(text: str) -> str | None:
    try:
        return parse_email(text)
    except BadInput as refused:
        raise BadInput(refused.sentence, fields={"alarm_email": refused.fields["email"]}) from None


def _own(connection: Connection, system_id: UUID) -> sa.Row[Any]:
    row = connection.execute(
        sa.select(record_systems).where(record_systems.c.id == system_id, record_systems.c.state != SystemState.RETIRED)
    ).first()
    if row is None:
        raise AccessDenied
    return row


def _set_state(connection: Connection, system_id: UUID, state: SystemState) -> None:
    connection.execute(sa.update(record_systems).where(record_systems.c.id == system_id).values(state=state))


def _log(connection: Connection, services: Services, system_id: UUID, as_: Staff) -> None:
    access = Access(Activity.WRITE, Purpose.ADMINISTRATION, "record_system", system_id)
    record_access(connection, services.clock, [access], by=as_)


def _checked(services: Services, entered: Entered, system_id: UUID) -> Mapping[str, Any]:
    """The columns, or ``BadInput`` with a sentence for each field that cannot be right."""
    problems = {}
    name = " ".join(entered.name.split())
    if not 1 <= len(name) <= _LONGEST or not name.isprintable():
        problems["name"] = mark("Write what the record system is called.")
    if entered.route is SystemRoute.FETCH:
        jwks = _public_keys(entered.jwks)
        if jwks is None:
            problems["jwks"] = mark("Paste the record system's public keys as a JWK set.")
        columns: Mapping[str, Any] = {"client_id": f"record-system-{system_id}", "jwks": jwks}
    else:
        problems |= _addresses(services, entered)
        columns = _push_columns(entered)
    if problems:
        raise BadInput("Something about the record system has to be put right.", fields=problems)
    return {"name": name, "route": entered.route, **columns}


def _addresses(services: Services, entered: Entered) -> dict[str, str]:
    problems = {}
    fields = {"base_url": entered.base_url}
    if entered.authentication is Authentication.OAUTH:
        fields["token_url"] = entered.token_url
        if not _is_word(entered.client_id):
            problems["client_id"] = mark("Write what the record system calls this service (its client id).")
    for name, address in fields.items():
        if len(address) > _LONGEST or not may_be_called(
            address,
            hosts=services.settings.record_systems.hosts,
            is_demonstration=services.settings.demonstration,
        ):
            problems[name] = mark("Write an https address on a server that the operator has allowed.")
    if entered.scope and (len(entered.scope) > _LONGEST or not entered.scope.isprintable()):
        problems["scope"] = mark("Write the scope as the record system has it, or leave it empty.")
    return problems


def _push_columns(entered: Entered) -> Mapping[str, Any]:
    is_oauth = entered.authentication is Authentication.OAUTH
    return {
        "base_url": entered.base_url,
        "authentication": entered.authentication,
        "token_url": entered.token_url if is_oauth else None,
        "client_id": entered.client_id if is_oauth else None,
        "scope": entered.scope if is_oauth and entered.scope else None,
    }


def _is_word(text: str) -> bool:
    return 1 <= len(text) <= _LONGEST and text.isprintable() and not text.isspace()


def _public_keys(jwks: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The public halves of the keys, of the kinds that the token service takes; None for anything else."""
    try:
        keys = KeySet.import_key_set(jwks or {}).keys  # type: ignore[arg-type]  # because it is what we check here
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    fits = [
        (isinstance(key, ECKey) and key.curve_name == "P-384")
        or (isinstance(key, RSAKey) and key.raw_value.key_size >= _SMALLEST_RSA)
        for key in keys
    ]
    return {"keys": [key.as_dict(private=False) for key in keys]} if fits and all(fits) else None
