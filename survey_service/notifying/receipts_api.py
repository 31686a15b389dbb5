"""What gateways call: whether a message has arrived. Signed, so that nobody else can say so."""

from http import HTTPStatus

from flask import Response, abort, request
from flask.views import MethodView
from flask_smorest import Blueprint

from notifications.channels import Gateway
from notifications.channels.sms import UnreadableReceipt, is_signed, read_receipt
from survey_service.errors import BadInput, NotSignedIn
from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import Gate
from survey_service.http.context import services
from survey_service.http.security import csrf
from survey_service.notifying.receipts import Heard, receive

# A receipt is a few lines.
_LARGEST = 16 * 1024

blueprint = Blueprint("gateways", __name__, description="Gateways that carry messages: what became of them.")
csrf.exempt(blueprint)


@blueprint.route("/gateways/<string:name>/receipts")
class Receipts(MethodView):
    """The delivery receipts of one gateway."""

    @blueprint.doc(
        summary="A gateway's word on whether a message has arrived",
        description=(
            "Signed: HMAC-SHA256 of the timestamp, a full stop and the body, in hexadecimal, no older than five"
            " minutes. What the body is like, and how the headers are called, is the gateway's configuration."
        ),
        responses={
            "400": {"description": "It cannot be read"},
            "401": {"description": "It is not signed, or too long ago"},
            "404": {"description": "There is no such message yet: send it again later"},
            "413": {"description": "It is too large"},
        },
    )
    @blueprint.response(204)
    def post(self, name: str) -> Response:
        request.max_content_length = _LARGEST
        body = request.get_data()
        gateway = _signed_by(name, body)
        try:
            receipt = read_receipt(gateway.receipt, body, dict(request.headers))
        except UnreadableReceipt:
            raise BadInput("This receipt is not as the gateway's configuration says.") from None
        if receipt is not None and not receive(
            services(),
            Heard(receipt.outcome.value),
            gateway=name,
            gateway_message_id=receipt.gateway_message_id,
            key=receipt.key,
            code=receipt.code,
            as_=Gate(),
        ):
            # It may have come before what it is about was written down: the gateway sends it again.
            abort(HTTPStatus.NOT_FOUND)
        return Response(status=HTTPStatus.NO_CONTENT)


def _signed_by(name: str, body: bytes) -> Gateway:
    """The gateway, if this is its word. Raises ``NotSignedIn``, whatever was wrong."""
    gateway = next((one for one in services().gateways if one.name == name), None)
    if gateway is not None:
        timestamp = request.headers.get(str(gateway.receipt.get("timestamp_header", "X-Timestamp")), "")
        signature = request.headers.get(str(gateway.receipt.get("signature_header", "X-Signature")), "")
        if is_signed(gateway.receipt_secret, timestamp, body, signature, now=services().clock()):
            return gateway
    # The name only where it is one of ours: what a stranger writes there is theirs.
    get_logger().warning("receipt.refused", gateway=gateway.name if gateway else None)
    raise NotSignedIn("This receipt is not signed as it should be.")
