"""An answer that came when the sign-in had ended: held until the same person signs in again on that device.

Held for half an hour, sealed under the person's key, and read by the gate alone. Whoever else signs in there, or who
signs out on purpose, ends it. A tablet in a waiting room and a visit with a letter's code have nothing held.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.records import held_answers, sign_ins
from survey_service.foundation.crypto import digest_token
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import NO_PROVIDER, Gate, System
from survey_service.foundation.services import Services

# Long enough to find the e-identification, short enough that a shared computer has forgotten by the next visitor.
HELD_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class HeldForm:
    """A form as it was sent to a session. ``pressed``: by its button; else it was only filled in when time was over."""

    session_id: UUID
    fields: Sequence[tuple[str, str]] = field(repr=False)
    pressed: bool


def hold_answer(services: Services, token: str, form: HeldForm) -> bool:
    """Keep the form for whoever the sign-in was of; whether that is done.

    Not for a sign-in that ended on purpose or longer ago, for none that is not a patient's own, and not for whoever
    answers for another: the next sign-in is one's own first.
    """
    now = services.clock()
    with services.db.transaction(as_=Gate()) as connection:
        found = _sign_in(connection, token)
    if found is None or found.kind != "patient" or found.acting_for is not None:
        return False
    if found.ended_at is not None or now >= _ends(services, found):
        return False
    held_id = new_id()
    content = json.dumps({"session": str(form.session_id), "fields": list(form.fields), "pressed": form.pressed})
    sealed = services.keys.cipher(found.person_id).seal(content, **_place(held_id))
    row = {"id": held_id, "person_id": found.person_id, "form_sealed": sealed, "expires_at": now + HELD_FOR}
    with services.db.transaction(as_=Gate()) as connection:
        connection.execute(sa.delete(held_answers).where(held_answers.c.expires_at <= now))
        connection.execute(
            upsert(held_answers)
            .values(sign_in_id=found.id, **row)
            .on_conflict_do_update(index_elements=["sign_in_id"], set_=row)
        )
    return True


def carry_over(services: Services, before: str, after: str) -> UUID | None:
    """Hand what was held for one sign-in to the next of the same person on the device; returns the session it is for.

    Another person's is deleted.
    """
    with services.db.transaction(as_=Gate()) as connection:
        old, new = _sign_in(connection, before), _sign_in(connection, after)
        if old is None or new is None:
            return None
        if old.person_id is None or old.person_id != new.person_id:
            _delete(connection, old.id)
            return None
        connection.execute(sa.update(held_answers).where(held_answers.c.sign_in_id == old.id).values(sign_in_id=new.id))
    form = held_answer(services, after)
    return form.session_id if form else None


def held_answer(services: Services, token: str) -> HeldForm | None:
    """What is held for the sign-in."""
    h = held_answers.c
    query = sa.select(h.id, h.person_id, h.form_sealed).join(sign_ins, sign_ins.c.id == h.sign_in_id)
    with services.db.transaction(as_=Gate()) as connection:
        row = connection.execute(
            query.where(sign_ins.c.token_digest == digest_token(token), h.expires_at > services.clock())
        ).first()
    if row is None:
        return None
    content = json.loads(services.keys.cipher(row.person_id).open(row.form_sealed, **_place(row.id)))
    fields = [(name, value) for name, value in content["fields"]]
    return HeldForm(UUID(content["session"]), fields, pressed=content["pressed"])


def drop_held(services: Services, token: str) -> None:
    """Forget what is held for the sign-in. Harmless when repeated."""
    with services.db.transaction(as_=Gate()) as connection:
        found = _sign_in(connection, token)
        if found is not None:
            _delete(connection, found.id)


def purge_held_answers(services: Services) -> None:
    """Delete what nobody came back for. Harmless when repeated."""
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        connection.execute(sa.select(sa.func.purge_held_answers(services.clock())))


def _ends(services: Services, row: sa.Row[Any]) -> datetime:
    """From when nothing is held any more for the sign-in."""
    idle_until = row.last_seen_at + timedelta(seconds=services.settings.sign_in_idle)
    ended_at: datetime = min(idle_until, row.expires_at)
    return ended_at + HELD_FOR


def _sign_in(connection: Connection, token: str) -> sa.Row[Any] | None:
    return connection.execute(sa.select(sign_ins).where(sign_ins.c.token_digest == digest_token(token))).first()


def _delete(connection: Connection, sign_in_id: UUID) -> None:
    connection.execute(sa.delete(held_answers).where(held_answers.c.sign_in_id == sign_in_id))


def _place(held_id: UUID) -> dict[str, str]:
    return {"table": "held_answers", "column": "form_sealed", "row": str(held_id)}
