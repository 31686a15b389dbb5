"""A register's own agreements: what providers have proposed to give it, and its yes."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import validate

from survey_service.access.queries import all_providers
from survey_service.http.context import services
from survey_service.http.security import csrf
from survey_service.registers.agreeing import approve_for_register
from survey_service.registers.bearer import register_of_request
from survey_service.registers.queries import AgreementRecord, recorded_agreements
from survey_service.registers.rules import AgreementState, Identifier, Side

blueprint = Blueprint("agreements", __name__, description="What providers have agreed to give a register.")
csrf.exempt(blueprint)


class AgreementSchema(ma.Schema):
    """A version of an agreement. It never changes, but for its end."""

    id = ma.fields.UUID()
    provider = ma.fields.String(metadata={"description": "The provider's HSA id: the controller."})
    version = ma.fields.Integer()
    state = ma.fields.String(validate=validate.OneOf([*AgreementState]))
    variables = ma.fields.List(ma.fields.String())
    item_answers = ma.fields.List(
        ma.fields.String(), metadata={"description": "The instruments whose item answers are given too."}
    )
    identifier = ma.fields.String(validate=validate.OneOf([*Identifier]))
    answered_from = ma.fields.Date(
        metadata={"description": "The look-back: answers completed before it are not given."}
    )
    review_hold_hours = ma.fields.Integer(
        metadata={"description": "Hours after the receipt in which the provider may correct before release."}
    )
    valid_from = ma.fields.AwareDateTime()
    valid_until = ma.fields.AwareDateTime(allow_none=True)
    approved_by_provider_at = ma.fields.AwareDateTime(allow_none=True)
    approved_by_register_at = ma.fields.AwareDateTime(allow_none=True)


class AgreementsSchema(ma.Schema):
    """The register's agreements, the newest version of each provider's first."""

    agreements = ma.fields.List(ma.fields.Nested(AgreementSchema))


@blueprint.route("/registers/me/agreements")
class Agreements(MethodView):
    """The register's own agreements."""

    @blueprint.doc(security=[{"bearer": []}], summary="What providers give this register, or propose to")
    @blueprint.response(200, AgreementsSchema)
    def get(self) -> dict[str, Any]:
        as_ = register_of_request()
        with services().db.transaction(as_=as_) as connection:
            found = recorded_agreements(connection, services().clock(), register_id=as_.register_id)
            providers = {one.id: one.hsa_id for one in all_providers(connection).values()}
        return {"agreements": [_described(one, providers[one.provider_id]) for one in found]}


@blueprint.route("/registers/me/agreements/<uuid:agreement_id>/approval")
class Approval(MethodView):
    """The register's yes."""

    @blueprint.doc(security=[{"bearer": []}], summary="Approve an agreement for the register. Harmless when repeated")
    @blueprint.response(204)
    def post(self, agreement_id: UUID) -> None:
        approve_for_register(services(), agreement_id, as_=register_of_request())


def _described(one: AgreementRecord, provider: str) -> dict[str, Any]:
    approved = {approval.side: approval.at for approval in one.approvals}
    return {
        "id": one.id,
        "provider": provider,
        "version": one.version,
        "state": one.state.value,
        "variables": list(one.variables),
        "item_answers": list(one.item_answers),
        "identifier": one.identifier.value,
        "answered_from": one.look_back,
        "review_hold_hours": one.review_hold_hours,
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "approved_by_provider_at": approved.get(Side.PROVIDER),
        "approved_by_register_at": approved.get(Side.REGISTER),
    }
