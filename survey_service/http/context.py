"""What a view may ask about its request: the services, and who is asking."""

from typing import TypeVar, cast

from flask import current_app, g

from survey_service.errors import AccessDenied, NotSignedIn
from survey_service.foundation.principals import Gate, Patient, Principal, Staff, Translator
from survey_service.foundation.services import Services

P = TypeVar("P", Patient, Staff, Translator)

EXTENSION = "survey-service"


def services() -> Services:
    return cast("Services", current_app.extensions[EXTENSION])


def principal() -> Principal:
    """Who is asking; the gate, as long as nobody has signed in."""
    found: Principal = g.get("principal", Gate())
    return found


def patient() -> Patient:
    """The signed-in patient. Raises ``NotSignedIn`` for nobody, ``AccessDenied`` for anybody else.

    Refused too is who answers for somebody, and who is at a tablet in a waiting room: see the three below.
    """
    found = visitor()
    if found.actor_id is not None:
        raise AccessDenied("Only the person it is about can do this. Go back to yourself first.")
    return found


def reader() -> Patient:
    """The signed-in patient, or who answers for them and may read what came of it."""
    found = visitor()
    if not found.may_read:
        raise AccessDenied("You may answer for this person, but not read about them.")
    return found


def visitor() -> Patient:
    """The signed-in patient, or who answers for them."""
    found = _one_of(Patient)
    if found.occasion_id is not None:
        raise AccessDenied
    return found


def respondent() -> Patient:
    """The same, or somebody at a tablet, for what answers the one survey that it was handed over for."""
    return _one_of(Patient)


def staff() -> Staff:
    """The signed-in member of staff. Raises as ``patient`` does."""
    return _one_of(Staff)


def translator() -> Translator:
    """The signed-in translator. Raises as ``patient`` does."""
    return _one_of(Translator)


def _one_of(kind: type[P]) -> P:
    found = principal()
    if isinstance(found, kind):
        return found
    raise NotSignedIn if isinstance(found, Gate) else AccessDenied
