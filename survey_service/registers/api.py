"""What a register's client calls: a token, and its feed of released results."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import marshmallow as ma
from flask import Response, current_app, json, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from flask_smorest import Blueprint, abort
from marshmallow import validate

from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day
from survey_service.foundation.principals import Gate, Register
from survey_service.http.context import principal, services
from survey_service.http.security import csrf, limiter
from survey_service.registers import catalogue
from survey_service.registers.bearer import register_of_request
from survey_service.registers.entries import EntryKind
from survey_service.registers.feed import Pull, begin_pull, log_nothing_pulled, pages
from survey_service.registers.formats import MEDIA_TYPES, Format, Layout, as_json, look_back
from survey_service.registers.inbox import (
    LONGEST_TEXT,
    DataQuery,
    ErasureConfirmed,
    Message,
    MessageKind,
    ObjectionReceived,
    take_message,
)
from survey_service.registers.oauth import EXTENSION
from survey_service.registers.rules import ACCEPTED_PURPOSE, MOST_PER_PAGE
from survey_service.registers.streaming import compressed, stream

blueprint = Blueprint("registers", __name__, description="Registers, second, as consumers: released results by cursor.")
csrf.exempt(blueprint)

View = TypeVar("View", bound=Callable[..., Any])

MOST_STREAMED = 100_000
_USUAL_PAGE = 100
HEADERS = (
    ("ETag", "Where the feed ends, and what was asked: with If-None-Match, 304 when nothing has come"),
    ("Feed-Next-Cursor", "Where to go on, once the whole answer has come"),
    ("Feed-Truncated", "true when the limit was reached before the end of the feed"),
    ("Feed-Completed-From", "The first day of answering that the pull asked for"),
    ("Feed-Released-From", "The earliest day of answering that an agreement in force lets through"),
)
_FIELDS_OF_MESSAGES = {
    MessageKind.ERASURE_CONFIRMED: {frozenset({"order"})},
    MessageKind.OBJECTION_RECEIVED: {frozenset({"subject"}), frozenset({"response"})},
    MessageKind.DATA_QUERY: {frozenset({"response", "text"})},
}
_CONTENT_TYPES = MEDIA_TYPES | {Format.CSV: "text/csv; charset=utf-8"}


class PullArguments(ma.Schema):
    """What a pull states."""

    class Meta:
        unknown = ma.EXCLUDE

    cursor = ma.fields.String(
        validate=validate.Length(max=100),
        metadata={"description": "Where the last pull ended. Opaque; without it, the feed from its beginning."},
    )
    limit = ma.fields.Integer(
        validate=validate.Range(1, MOST_STREAMED),
        metadata={"description": f"Entries at most: {MOST_PER_PAGE} in a JSON page (100 unless told), else all these."},
    )
    purpose = ma.fields.String(
        validate=validate.Length(max=100),
        metadata={"description": f"The purpose of the pull: {ACCEPTED_PURPOSE}. Any other is refused and logged."},
    )
    completed_from = ma.fields.Date(
        metadata={"description": "Only results answered on this day (Swedish time) or later."}
    )
    format = ma.fields.Enum(
        Format, by_value=ma.fields.String, metadata={"description": "Goes before the Accept header."}
    )
    layout = ma.fields.Enum(
        Layout,
        by_value=ma.fields.String,
        load_default=Layout.LONG,
        metadata={"description": "Of NDJSON and CSV: a row for each variable, or a row for each result."},
    )


class EntrySchema(ma.Schema):
    """A released result, its correction, the withdrawal of one that was released before, or an order to erase."""

    kind = ma.fields.String(validate=validate.OneOf([kind.value for kind in EntryKind]))
    id = ma.fields.UUID(metadata={"description": "The release. A withdrawal names the one to forget."})
    replaces = ma.fields.UUID(metadata={"description": "The release that a correction stands in for."})
    result = ma.fields.Dict(metadata={"description": "What was agreed, with every version that made it."})
    order = ma.fields.UUID(metadata={"description": "The order to erase, to be confirmed by a message."})
    releases = ma.fields.List(ma.fields.UUID(), metadata={"description": "What to erase."})


class LookBackSchema(ma.Schema):
    """How far back a pull looked, in days of answering."""

    completed_from = ma.fields.String(allow_none=True, metadata={"description": "As the pull asked."})
    released_from = ma.fields.String(
        allow_none=True, metadata={"description": "The earliest day that an agreement in force lets through."}
    )


class PageSchema(ma.Schema):
    """A page of the feed."""

    entries = ma.fields.List(ma.fields.Nested(EntrySchema))
    next_cursor = ma.fields.String()
    more = ma.fields.Boolean(metadata={"description": "Whether the feed goes on after this page."})
    look_back = ma.fields.Nested(LookBackSchema)


def _for_registers(view: View) -> View:
    """Who asks is known before anything of the request is judged."""

    @wraps(view)
    def guarded(*arguments: Any, **named: Any) -> Any:
        register_of_request()
        return view(*arguments, **named)

    return cast("View", guarded)


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

    decorators = [_for_registers]  # noqa: RUF012  # because Flask types it as a list

    @blueprint.doc(
        security=[{"bearer": []}],
        summary="Released results, from a cursor on",
        responses={
            200: {
                "content": {
                    MEDIA_TYPES[one]: {"schema": {"type": "string"}} for one in Format if one is not Format.JSON
                },
                "headers": {name: {"description": what, "schema": {"type": "string"}} for name, what in HEADERS},
            },
            304: {"description": "Nothing has come since the answer with that ETag"},
        },
    )
    @blueprint.arguments(PullArguments, location="query")
    @blueprint.response(200, PageSchema)
    def get(self, arguments: dict[str, Any]) -> ResponseReturnValue:
        register, chosen = cast("Register", principal()), _format(arguments.get("format"))
        begun = begin_pull(
            services(),
            cursor=arguments.get("cursor"),
            limit=_limit(arguments.get("limit"), chosen),
            purpose=arguments.get("purpose"),
            completed_from=arguments.get("completed_from"),
            as_=register,
        )
        etag = _etag(begun, chosen, arguments["layout"])
        if request.if_none_match.contains_weak(etag):
            log_nothing_pulled(services(), begun)
            answer = Response(status=304)
        else:
            answer = _told(begun, chosen, arguments["layout"])
        answer.set_etag(etag, weak=True)
        answer.headers["Vary"] = "Accept, Accept-Encoding"
        return answer


class MessageSchema(ma.Schema):
    """A register's message, with the id that it gives it: sent again, it is taken once."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.Enum(MessageKind, by_value=ma.fields.String, required=True)
    order = ma.fields.UUID(metadata={"description": "Of erasure_confirmed: the order that was carried out."})
    subject = ma.fields.String(
        validate=validate.Length(1, 100),
        metadata={"description": "Of objection_received: the person, as results name them; or `response`."},
    )
    response = ma.fields.UUID(metadata={"description": "The result's reference, of data_query or objection_received."})
    text = ma.fields.String(
        validate=validate.Length(1, LONGEST_TEXT),
        metadata={"description": "Of data_query: the question to the provider. Name nobody in it."},
    )

    @ma.validates_schema
    def is_whole(self, data: dict[str, Any], **_: Any) -> None:
        """Each kind has its fields and no others."""
        given = frozenset(data) - {"id", "kind"}
        kind = data.get("kind")
        if kind is not None and given not in _FIELDS_OF_MESSAGES[kind]:
            allowed = " or ".join(sorted(" and ".join(sorted(one)) for one in _FIELDS_OF_MESSAGES[kind]))
            raise ma.ValidationError(f"A message of this kind has {allowed}.", "kind")


class TakenSchema(ma.Schema):
    """That a message has been taken."""

    id = ma.fields.UUID()
    new = ma.fields.Boolean(metadata={"description": "false where it had been taken before."})


@blueprint.route("/registers/me/messages")
class Messages(MethodView):
    """The register's way to tell us something."""

    decorators = [_for_registers]  # noqa: RUF012  # because Flask types it as a list

    @blueprint.doc(security=[{"bearer": []}], summary="Confirm an erasure, pass on an objection, or ask")
    @blueprint.arguments(MessageSchema)
    @blueprint.response(200, TakenSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        register = cast("Register", principal())
        is_new = take_message(services(), given["id"], _message(given), as_=register)
        return {"id": given["id"], "new": is_new}


class CatalogueArguments(ma.Schema):
    """In which form the catalogue is wanted."""

    class Meta:
        unknown = ma.EXCLUDE

    format = ma.fields.String(
        validate=validate.OneOf(["json", "csv"]), metadata={"description": "Goes before the Accept header."}
    )


class CatalogueSchema(ma.Schema):
    """Every variable that an agreement can name."""

    variables = ma.fields.List(ma.fields.Dict())


@blueprint.route("/catalogue")
class Catalogue(MethodView):
    """What there is to agree on. Open to everybody: it holds nothing personal."""

    @blueprint.doc(
        summary="Every variable with its definition, unit, codes, range, version and licence",
        responses={200: {"content": {MEDIA_TYPES[Format.CSV]: {"schema": {"type": "string"}}}}},
    )
    @blueprint.arguments(CatalogueArguments, location="query")
    @blueprint.response(200, CatalogueSchema)
    def get(self, arguments: dict[str, Any]) -> Response:
        wired = services()
        found = catalogue.entries(wired.library, wired.settings.instruments)
        with wired.db.transaction(as_=Gate()) as connection:
            licensed = catalogue.licensed_today(connection, local_day(wired.clock()))
        liked = request.accept_mimetypes.best_match(["application/json", "text/csv"], "application/json")
        if arguments.get("format", "csv" if liked == "text/csv" else "json") == "csv":
            return Response(catalogue.as_csv(found, licensed), content_type=_CONTENT_TYPES[Format.CSV])
        return Response(json.dumps(catalogue.as_json(found, licensed)), content_type="application/json")


def _message(given: dict[str, Any]) -> Message:
    match given["kind"]:
        case MessageKind.ERASURE_CONFIRMED:
            return ErasureConfirmed(given["order"])
        case MessageKind.OBJECTION_RECEIVED:
            return ObjectionReceived(given.get("subject"), given.get("response"))
        case _:
            return DataQuery(given["response"], given["text"])


def _format(asked: Format | None) -> Format:
    """What was asked for by name; else what the Accept header likes best, JSON where it likes all alike."""
    if asked is not None:
        return asked
    media_types = {media_type: one for one, media_type in MEDIA_TYPES.items()}
    best = request.accept_mimetypes.best_match(list(media_types)) if request.accept_mimetypes else "application/json"
    if best is None:
        raise BadInput("The answer cannot be had in that form.", fields={"Accept": f"One of {', '.join(media_types)}."})
    return media_types[best]


def _limit(asked: int | None, chosen: Format) -> int:
    if chosen is not Format.JSON:
        return asked or MOST_STREAMED
    if asked is not None and asked > MOST_PER_PAGE:
        abort(422, messages={"query": {"limit": [f"At most {MOST_PER_PAGE} in a JSON page; streams take more."]}})
    return asked or _USUAL_PAGE


def _etag(begun: Pull, chosen: Format, layout: Layout) -> str:
    """Of where the feed ends, and of what was asked."""
    said = (begun.by.register_id, begun.places, begun.feed_end, begun.completed_from, chosen, layout)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


def _told(begun: Pull, chosen: Format, layout: Layout) -> Response:
    pieces = _page(begun) if chosen is Format.JSON else stream(services(), begun, chosen, layout)
    packs = request.accept_encodings.quality("gzip") > 0
    answer = Response(compressed(pieces) if packs else pieces, content_type=_CONTENT_TYPES[chosen])
    if packs:
        answer.headers["Content-Encoding"] = "gzip"
    ending = begun.ending
    values = {
        "Feed-Next-Cursor": ending.next_cursor,
        "Feed-Truncated": "true" if ending.truncated else "false",
        "Feed-Completed-From": ending.completed_from,
        "Feed-Released-From": ending.released_from,
    }
    answer.headers.extend({name: str(value) for name, value in values.items() if value is not None})
    return answer


def _page(begun: Pull) -> list[bytes]:
    entries = [as_json(entry) for page in pages(services(), begun) for entry in page if entry.is_told]
    ending = begun.ending
    body = {
        "entries": entries,
        "next_cursor": ending.next_cursor,
        "more": ending.truncated,
        "look_back": look_back(ending),
    }
    return [json.dumps(body).encode()]
