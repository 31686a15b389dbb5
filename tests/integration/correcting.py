"""A clinician who corrects and voids, for the tests of versions."""

from typing import Any
from uuid import UUID

from instruments import Answered, AnswerKind
from survey_service.delivery.corrections import Grounds, correct_response, void_response
from survey_service.delivery.queries import Reason
from survey_service.delivery.use_cases import open_response
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient, Staff
from survey_service.registers.feed import pull
from survey_service.registers.rules import ACCEPTED_PURPOSE
from tests.world import World


def grounds(**changes: Any) -> Grounds:
    values: dict[str, Any] = {"based_on": 1, "reason": Reason.SLIP, "explanation": "", "request_id": new_id()}
    return Grounds(**(values | changes))


def value(item_id: str, code: int) -> dict[str, Answered | None]:
    return {item_id: Answered(item_id, code, AnswerKind.VALUE)}


def received(world: World, *, protocol: str = "eq5d-only", answer: int = 2) -> tuple[Patient, UUID]:
    """A response that alice has opened; EQ-5D answered 22222 with 2 on the scale unless told otherwise."""
    patient, occasion = world.enrol(protocol=protocol)
    (response_id,) = world.answer(patient, occasion, value=answer)
    open_response(world.services, response_id, as_=world.alice)
    return patient, response_id


def correct(world: World, response_id: UUID, code: int, *, as_: Staff | None = None, **changes: Any) -> int:
    """Correct the EQ VAS."""
    return correct_response(world.services, response_id, value("vas", code), grounds(**changes), as_=as_ or world.alice)


def void(world: World, response_id: UUID, *, as_: Staff | None = None, **changes: Any) -> int:
    told = grounds(**({"reason": Reason.WRONG_PATIENT} | changes))
    return void_response(world.services, response_id, told, as_=as_ or world.alice)


def feed(world: World) -> list[tuple[str, float | None]]:
    """The register's feed from its beginning: kind of entry, and the EQ VAS where it may be seen."""
    page = pull(world.services, cursor=None, limit=100, purpose=ACCEPTED_PURPOSE, as_=world.register)
    return [(entry.kind, vas_in(entry.payload)) for entry in page.entries]


def vas_in(payload: Any) -> float | None:
    scores = payload["scores"] if payload else []
    return next((score["value"] for score in scores if score["variable"] == "eq5d5l.vas"), None)
