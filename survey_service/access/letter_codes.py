"""The code in a letter: who has no e-identification types it in, and answers the one occasion that it is for.

The code is derived from the letter's id, so that a letter printed again says the same, and is kept as a keyed digest.
What it opens, how often, and how many wrong ones an address may try is the database's to say (``take_letter_code``).
What the visit reaches is that one occasion, as with a tablet (``handovers``).
"""

import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.handovers import IDLE, LONGEST, SEEN_GRANULARITY
from survey_service.access.queries import letters_carry_codes
from survey_service.access.records import letter_codes, letter_visits
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import BadInput, mark
from survey_service.foundation.crypto import digest_token
from survey_service.foundation.db import new_id
from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import Gate, Patient
from survey_service.foundation.services import Services
from survey_service.scheduling.queries import Occasion

# Crockford's base 32: no letter that is taken for a digit or for another letter.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1"})
# Sixty bits: with a million letters about, and a million tries a day, one is hit in some three thousand years.
_LENGTH = 12
_GROUP = 4


def code_for_letter(connection: Connection, services: Services, *, dispatch_id: UUID, occasion: Occasion) -> str:
    """The code to print in a letter, in groups; empty where letters of the unit carry none. As the worker.

    The same letter has the same code, however often it is made.
    """
    if not letters_carry_codes(connection, occasion.unit_id):
        return ""
    code = _code(dispatch_id, services.settings.identity_key)
    connection.execute(
        upsert(letter_codes)
        .values(
            dispatch_id=dispatch_id,
            provider_id=occasion.provider_id,
            person_id=occasion.person_id,
            occasion_id=occasion.id,
            code_digest=_digest(code, services.settings.identity_key),
            made_at=services.clock(),
        )
        .on_conflict_do_nothing(index_elements=["dispatch_id"])
    )
    return "-".join(code[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def take_letter_code(services: Services, typed: str, *, source: str) -> tuple[str, UUID]:
    """Open the occasion of a code; returns the secret for the cookie, and the occasion.

    ``source`` is the address that asks. Raises ``BadInput`` for a code that is no good, and for any after too many.
    """
    code = read_code(typed)
    if code is None:
        raise _refused(mark("The code has 12 letters and digits. Look at the letter once more."))
    key, token, now = services.settings.identity_key, secrets.token_urlsafe(32), services.clock()
    taking = sa.text("SELECT * FROM take_letter_code(:code, :source, :visit, :token, :at)")
    values = {
        "code": _digest(code, key),
        "source": hmac.digest(_key(b"letter code tries", key), source.encode(), "sha256"),
    }
    with services.db.transaction(as_=Gate()) as connection:
        row = connection.execute(taking, {**values, "visit": new_id(), "token": digest_token(token), "at": now}).one()
    if row.outcome != "taken":
        get_logger().info("letter_code.refused", outcome=row.outcome)
        if row.outcome == "too_many":
            raise _refused(mark("There have been too many wrong codes. Wait an hour and try again."))
        raise _refused(mark("This code is not right, or there is nothing left to answer with it."))
    who = Patient(row.person_id, row.occasion_id, by_letter=True)
    with services.db.transaction(as_=who) as connection:
        entered = Access(Activity.SIGN_IN, Purpose.OWN_ACCESS, "letter_code", row.occasion_id, row.person_id)
        record_access(connection, services.clock, [entered], by=who)
    return token, row.occasion_id


def read_code(typed: str) -> str | None:
    """The code as it was meant: small letters, spaces, hyphens, O for 0 are forgiven. None for what cannot be one."""
    code = "".join(one for one in typed.upper() if one.isalnum()).translate(_MEANT)
    return code if len(code) == _LENGTH and set(code) <= set(_ALPHABET) else None


def resume_letter_visit(
    connection: Connection, token: str, now: datetime
) -> tuple[UUID, Patient, datetime, datetime] | None:
    """As ``handovers.resume_tablet``."""
    v = letter_visits.c
    row = connection.execute(sa.select(letter_visits).where(v.token_digest == digest_token(token))).first()
    if row is None or row.ended_at is not None or now >= row.last_seen_at + IDLE or now >= row.began_at + LONGEST:
        return None
    seen_at = row.last_seen_at
    if now - seen_at >= SEEN_GRANULARITY:
        seen_at = now
        connection.execute(sa.update(letter_visits).where(v.id == row.id).values(last_seen_at=now))
    return row.id, Patient(row.person_id, row.occasion_id, by_letter=True), row.began_at + LONGEST, seen_at + IDLE


def end_letter_visit(connection: Connection, token: str, now: datetime) -> None:
    """End the visit, as the gate. Harmless when repeated."""
    v = letter_visits.c
    connection.execute(
        sa.update(letter_visits).where(v.token_digest == digest_token(token), v.ended_at.is_(None)).values(ended_at=now)
    )


def _refused(sentence: str) -> BadInput:
    return BadInput(sentence, fields={"code": sentence})


def _code(dispatch_id: UUID, key: bytes) -> str:
    number = int.from_bytes(hmac.digest(_key(b"letter codes", key), dispatch_id.bytes, hashlib.sha256)[:8])
    return "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(_LENGTH))


def _digest(code: str, key: bytes) -> bytes:
    return hmac.digest(_key(b"digests of letter codes", key), code.encode(), hashlib.sha256)


def _key(purpose: bytes, key: bytes) -> bytes:
    return hmac.digest(key, purpose, hashlib.sha256)
