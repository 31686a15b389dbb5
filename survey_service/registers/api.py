"""What a register's client calls: a token, and its feed of released results."""

from typing import Any

import marshmallow as ma
from flask import current_app
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import validate

from survey_service.http.context import services
from survey_service.http.security import csrf, limiter
from survey_service.registers.bearer import register_of_request
from survey_service.registers.feed import pull
from survey_service.registers.oauth import EXTENSION
from survey_service.registers.rules import ACCEPTED_PURPOSE, MOST_PER_PAGE

blueprint = Blueprint("registers", __name__, description="Registers, second, as consumers: released results by cursor.")
csrf.exempt(blueprint)


class PullArguments(ma.Schema):
    """What a pull states."""

    class Meta:
        unknown = ma.EXCLUDE

    cursor = ma.fields.String(
        validate=validate.Length(max=100),
        metadata={"description": "Where the last pull ended. Opaque; without it, the feed from its beginning."},
    )
    limit = ma.fields.Integer(load_default=100, validate=validate.Range(1, MOST_PER_PAGE))
    purpose = ma.fields.String(
        validate=validate.Length(max=100),
        metadata={"description": f"The purpose of the pull: {ACCEPTED_PURPOSE}. Any other is refused and logged."},
    )


class EntrySchema(ma.Schema):
    """A released result, or the withdrawal of one that was released before."""

    kind = ma.fields.String(validate=validate.OneOf(["result", "withdrawn"]))
    id = ma.fields.UUID(metadata={"description": "The release. A withdrawal names the one to forget."})
    result = ma.fields.Dict(metadata={"description": "What was agreed, with every version that made it."})


class PageSchema(ma.Schema):
    """A page of the feed."""

    entries = ma.fields.List(ma.fields.Nested(EntrySchema))
    next_cursor = ma.fields.String()
    more = ma.fields.Boolean(metadata={"description": "Whether the feed goes on after this page."})


@blueprint.route("/token")
class Token(MethodView):
    """OAuth 2 client credentials, with ``private_key_jwt`` (ES384 or RS384)."""

    decorators = [limiter.limit("600 per minute")]  # noqa: RUF012  # because Flask types it as a list

    @blueprint.doc(
        summary="A bearer token for five minutes",
        requestBody={
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type", "client_assertion_type", "client_assertion"],
                        "properties": {
                            "grant_type": {"type": "string", "enum": ["client_credentials"]},
                            "client_assertion_type": {"type": "string"},
                            "client_assertion": {"type": "string"},
                            "scope": {"type": "string"},
                        },
                    }
                }
            }
        },
        responses={
            "200": {"description": "The token"},
            "400": {"description": "Refused"},
            "401": {"description": "Refused"},
        },
    )
    def post(self) -> ResponseReturnValue:
        server = current_app.extensions[EXTENSION]
        response: ResponseReturnValue = server.create_token_response()
        return response


@blueprint.route("/registers/me/results")
class Results(MethodView):
    """The register's own feed."""

    @blueprint.doc(security=[{"bearer": []}], summary="Released results, from a cursor on")
    @blueprint.arguments(PullArguments, location="query")
    @blueprint.response(200, PageSchema)
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        page = pull(
            services(),
            cursor=arguments.get("cursor"),
            limit=arguments["limit"],
            purpose=arguments.get("purpose"),
            as_=register_of_request(),
        )
        return {
            "entries": [
                {"kind": "withdrawn", "id": entry.release_id}
                if entry.kind == "withdrawn"
                else {"kind": "result", "id": entry.release_id, "result": entry.payload}
                for entry in page.entries
                if entry.kind == "withdrawn" or entry.payload is not None
            ],
            "next_cursor": page.next_cursor,
            "more": page.more,
        }
