"""What a provider's own record system calls to order: enrol a patient, move the event, cancel."""

from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import validate

from survey_service.access.queries import all_units
from survey_service.delivery.api import for_record_systems, record_system
from survey_service.errors import AccessDenied, BadInput, Conflict
from survey_service.foundation.principals import SystemAtUnit
from survey_service.http.context import services
from survey_service.http.security import csrf
from survey_service.people.rules import Identity, parse_email, parse_identity_number, parse_name, parse_phone
from survey_service.scheduling.enrolling import LONGEST_REASON, NewEvent, end, move_event
from survey_service.scheduling.lists import request_of_key
from survey_service.scheduling.queries import Enrolment, enrolment, enrolment_of_request, published_protocols
from survey_service.scheduling.rules import BodySide, EnrolmentState, parse_procedure
from survey_service.scheduling.use_cases import Order, enrol_patient

blueprint = Blueprint(
    "enrolments_api", __name__, description="Record systems: ordering for their own provider's units."
)
csrf.exempt(blueprint)


class EventSchema(ma.Schema):
    """The event that the plan is counted from."""

    anchor_date = ma.fields.Date(required=True)
    procedure_id = ma.fields.String(load_default="", validate=validate.Length(max=40))
    side = ma.fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf([one.value for one in BodySide])
    )


class OrderSchema(EventSchema):
    """Whom to enrol, in what, at which unit, for which care contact."""

    personal_number = ma.fields.String(required=True, validate=validate.Length(10, 13))
    name = ma.fields.String(required=True, validate=validate.Length(1, 200))
    email = ma.fields.String(load_default="", validate=validate.Length(max=254))
    phone = ma.fields.String(load_default="", validate=validate.Length(max=20))
    language = ma.fields.String(load_default="sv", validate=validate.Regexp("^[a-z]{2,3}(_[A-Za-z]{2,8})?$"))
    unit = ma.fields.String(required=True, metadata={"description": "HSA id of the unit that asks."})
    protocol = ma.fields.String(required=True, metadata={"description": "Code of the care protocol."})
    care_contact = ma.fields.String(required=True, validate=validate.Length(1, 200))


class KeySchema(ma.Schema):
    """The same key again is the same order."""

    class Meta:
        unknown = ma.EXCLUDE

    key = ma.fields.String(required=True, data_key="Idempotency-Key", validate=validate.Length(8, 200))


class ReasonSchema(ma.Schema):
    """Why it is cancelled, in a few words, which the unit reads. No names."""

    reason = ma.fields.String(required=True, validate=validate.Length(1, LONGEST_REASON))


class EnrolmentSchema(ma.Schema):
    """An enrolment as it stands."""

    id = ma.fields.UUID()
    state = ma.fields.String(validate=validate.OneOf([one.value for one in EnrolmentState]))
    anchor_date = ma.fields.Date()
    care_contact = ma.fields.String()


@blueprint.route("/enrolments")
class Enrolments(MethodView):
    """The provider's enrolments."""

    decorators = [for_record_systems]  # noqa: RUF012  # because Flask types it as a list

    @blueprint.doc(security=[{"bearer": []}], summary="Enrol a patient in a care protocol, once for each key")
    @blueprint.arguments(KeySchema, location="headers")
    @blueprint.arguments(OrderSchema)
    @blueprint.response(201, EnrolmentSchema)
    def post(self, header: dict[str, Any], ordered: dict[str, Any]) -> Enrolment:
        system = record_system()
        as_ = SystemAtUnit(system, _unit(ordered["unit"]))
        request_id = request_of_key(system.provider_id, system.record_system_id, header["key"])
        with services().db.transaction(as_=system) as connection:
            before = enrolment_of_request(connection, request_id)
        if before is None:
            return _found(enrol_patient(services(), _order(ordered, request_id), as_=as_))
        asked = (_event(ordered), ordered["care_contact"].strip(), as_.unit_id)
        there = (
            NewEvent(before.anchor_date, before.procedure_id, _side(before.side)),
            before.care_contact,
            before.unit_id,
        )
        if asked != there:
            raise Conflict("This key has been used for another order.")
        return _found(enrol_patient(services(), _order(ordered, request_id), as_=as_))


@blueprint.route("/enrolments/<uuid:enrolment_id>")
class OneEnrolment(MethodView):
    """One enrolment."""

    decorators = [for_record_systems]  # noqa: RUF012  # because Flask types it as a list

    @blueprint.doc(security=[{"bearer": []}], summary="Move the event, or change its procedure and side")
    @blueprint.arguments(EventSchema)
    @blueprint.response(200, EnrolmentSchema)
    def patch(self, event: dict[str, Any], enrolment_id: UUID) -> Enrolment:
        as_ = SystemAtUnit(record_system(), _found(enrolment_id).unit_id)
        move_event(services(), enrolment_id, _event(event), as_=as_)
        return _found(enrolment_id)


@blueprint.route("/enrolments/<uuid:enrolment_id>/cancellation")
class Cancellation(MethodView):
    """The end of one enrolment."""

    decorators = [for_record_systems]  # noqa: RUF012  # because Flask types it as a list

    @blueprint.doc(security=[{"bearer": []}], summary="Cancel: nothing more is asked but what is begun")
    @blueprint.arguments(ReasonSchema)
    @blueprint.response(200, EnrolmentSchema)
    def post(self, given: dict[str, Any], enrolment_id: UUID) -> Enrolment:
        as_ = SystemAtUnit(record_system(), _found(enrolment_id).unit_id)
        end(services(), enrolment_id, given["reason"], as_=as_)
        return _found(enrolment_id)


def _found(enrolment_id: UUID) -> Enrolment:
    with services().db.transaction(as_=record_system()) as connection:
        found = enrolment(connection, enrolment_id)
    if found is None:
        raise AccessDenied
    return found


def _unit(hsa_id: str) -> UUID:
    with services().db.transaction(as_=record_system()) as connection:
        for one in all_units(connection).values():
            if one.hsa_id == hsa_id and one.provider_id == record_system().provider_id:
                return one.id
    raise BadInput("That unit is not one of your care provider's.", fields={"unit": "That unit is not one of yours."})


def _protocol(code: str) -> UUID:
    with services().db.transaction(as_=record_system()) as connection:
        for one in published_protocols(connection):
            if one.protocol.code == code:
                return one.id
    raise BadInput("That protocol is not one of yours.", fields={"protocol": "That protocol is not one of yours."})


def _side(code: str | None) -> BodySide | None:
    return BodySide(code) if code else None


def _event(given: dict[str, Any]) -> NewEvent:
    anchor: date = given["anchor_date"]
    return NewEvent(anchor, parse_procedure(given["procedure_id"]), _side(given["side"]))


def _order(given: dict[str, Any], request_id: UUID) -> Order:
    event = _event(given)
    return Order(
        identity=Identity(
            number=parse_identity_number(given["personal_number"]),
            name=parse_name(given["name"]),
            email=parse_email(given["email"]),
            phone=parse_phone(given["phone"]),
            locale=given["language"],
        ),
        protocol_id=_protocol(given["protocol"]),
        anchor_date=event.anchor_date,
        care_contact=given["care_contact"],
        request_id=request_id,
        procedure_id=event.procedure_id,
        side=event.side,
    )
