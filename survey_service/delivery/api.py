"""What a provider's own record system calls: the responses that wait for it, each as a Bundle, and its receipts."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

import marshmallow as ma
from flask import Response, g, json, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import validate

from survey_service.delivery.pushing import acknowledge_fetched, fetch, waiting
from survey_service.errors import AccessDenied, NotSignedIn
from survey_service.foundation.principals import Gate, RecordSystem
from survey_service.http.context import principal, services
from survey_service.http.security import csrf
from survey_service.registers.oauth import record_system_of_token

View = TypeVar("View", bound=Callable[..., Any])

blueprint = Blueprint(
    "deliveries", __name__, description="Record systems: what patients have answered to their own provider."
)
csrf.exempt(blueprint)


class WaitingArguments(ma.Schema):
    """How much at a time."""

    class Meta:
        unknown = ma.EXCLUDE

    limit = ma.fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class WaitingSchema(ma.Schema):
    """A response that the record system has not acknowledged."""

    id = ma.fields.UUID()
    delivered_at = ma.fields.AwareDateTime()


class WaitingPageSchema(ma.Schema):
    """What waits, the oldest first. What is acknowledged is not there the next time."""

    deliveries = ma.fields.List(ma.fields.Nested(WaitingSchema))
    more = ma.fields.Boolean(metadata={"description": "Whether more waits than was asked for."})


class ReceiptSchema(ma.Schema):
    """The record system's word that it has the response."""

    id = ma.fields.String(
        required=True,
        validate=validate.Length(1, 300),
        metadata={"description": "What the record system calls the response."},
    )


class AcknowledgedSchema(ma.Schema):
    """What became of it."""

    outcome = ma.fields.String(
        validate=validate.OneOf(["acknowledged", "acknowledged_again"]),
        metadata={"description": "A second acknowledgement changes nothing."},
    )


def for_record_systems(view: View) -> View:
    """Asked before anything else is looked at: a signed-in person is refused, for this is not a page."""

    @wraps(view)
    def guarded(*args: Any, **values: Any) -> Any:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            g.principal = record_system_of_token(services(), token)
            return view(*args, **values)
        if isinstance(principal(), Gate):
            raise NotSignedIn("Send the access token as a bearer token.")
        raise AccessDenied

    return guarded  # type: ignore[return-value]  # because it takes and gives what the view does


@blueprint.route("/deliveries")
class Deliveries(MethodView):
    """The provider's responses."""

    decorators = [for_record_systems]  # noqa: RUF012  # because Flask types it as a list

    @blueprint.doc(security=[{"bearer": []}], summary="Responses that wait for the record system, the oldest first")
    @blueprint.arguments(WaitingArguments, location="query")
    @blueprint.response(200, WaitingPageSchema)
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        found = waiting(services(), limit=arguments["limit"] + 1, as_=record_system())
        listed = found[: arguments["limit"]]
        return {
            "deliveries": [{"id": response_id, "delivered_at": at} for response_id, at in listed],
            "more": len(found) > len(listed),
        }


@blueprint.route("/deliveries/<uuid:response_id>")
class Delivery(MethodView):
    """One response."""

    decorators = [for_record_systems]  # noqa: RUF012  # because Flask types it as a list

    @blueprint.doc(security=[{"bearer": []}], summary="A response as a FHIR R4 transaction Bundle")
    @blueprint.response(200, ma.Schema.from_dict({}, name="Bundle"), content_type="application/fhir+json")
    def get(self, response_id: UUID) -> Response:
        bundle = fetch(services(), response_id, as_=record_system())
        return Response(json.dumps(bundle, ensure_ascii=False), content_type="application/fhir+json")


@blueprint.route("/deliveries/<uuid:response_id>/receipt")
class DeliveryReceipt(MethodView):
    """The receipt of one response."""

    decorators = [for_record_systems]  # noqa: RUF012  # because Flask types it as a list

    @blueprint.doc(security=[{"bearer": []}], summary="Acknowledge a response with the record system's own id")
    @blueprint.arguments(ReceiptSchema)
    @blueprint.response(200, AcknowledgedSchema)
    def post(self, receipt: dict[str, Any], response_id: UUID) -> dict[str, Any]:
        outcome = acknowledge_fetched(services(), response_id, receipt["id"], as_=record_system())
        return {"outcome": outcome.value}


def record_system() -> RecordSystem:
    """Who asks, in a view for record systems."""
    found = principal()
    assert isinstance(found, RecordSystem)
    return found
