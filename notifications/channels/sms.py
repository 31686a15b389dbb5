"""Text messages by any gateway that speaks HTTP: what is asked, and how the answer is read, is configuration.

::

    [[gateway]]
    name = "texts"
    adapter = "sms"
    url = "https://gateway.example/messages"
    format = "json"                                 # or "form"
    headers = { Authorization = "env:GATEWAY_TEXTS", Idempotency-Key = "{key}" }
    fields = { to = "{to}", from = "{sender}", text = "{text}", reference = "{key}" }
    answer = { id = "messages.0.id", temporary = [429, 503], permanent = [400] }
    receipt_secret = "env:GATEWAY_RECEIPTS"
    receipt = { id = "id", key = "reference", outcome = "status", code = "error",
                delivered = ["DELIVRD"], not_delivered = ["UNDELIV", "EXPIRED"] }
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode

from notifications.channels import (
    Configuration,
    ConfigurationError,
    HttpRequest,
    PermanentFailure,
    TechnicalFailure,
    Transport,
    text_of,
)
from notifications.channels.exchange import exchanged, statuses_of
from notifications.message import Format, Message, Sms

_PLACE = re.compile(r"\{(to|text|sender|key)\}")
_OURS = "46"
_TOLERANCE = timedelta(minutes=5)

# GSM 03.38: the default alphabet, and what takes two places of it.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


def segments(text: str) -> int:
    """How many short messages the text takes on its way (3GPP TS 23.040): one is cheaper, and arrives whole."""
    if all(one in _BASIC or one in _EXTENDED for one in text):
        return _parts([2 if one in _EXTENDED else 1 for one in text], alone=160, joined=153)
    return _parts([2 if ord(one) > 0xFFFF else 1 for one in text], alone=70, joined=67)


def _parts(widths: list[int], *, alone: int, joined: int) -> int:
    """No sign is cut in two."""
    if sum(widths) <= alone:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > joined:
            parts, used = parts + 1, 0
        used += width
    return parts


def international(number: str) -> str:
    """The number as E.164 has it; a national one is Swedish. Raises ``PermanentFailure`` for what is none."""
    bare = re.sub(r"[\s().\-\u2010-\u2015]", "", number.replace("(0)", ""))
    for prefix, instead in (("00", "+"), ("0", f"+{_OURS}")):
        if bare.startswith(prefix):
            bare = instead + bare.removeprefix(prefix)
            break
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", bare):
        raise PermanentFailure("number")
    return bare


class SmsChannel:
    """Hands text messages to one gateway. What it wants to be asked is in the configuration (see the module)."""

    format = Format.SMS
    envelope: tuple[str, ...] = ()

    def __init__(self, configuration: Configuration, transport: Transport) -> None:
        self._transport = transport
        self._method = text_of(configuration, "method", default="POST")
        self._url = text_of(configuration, "url")
        self._headers = _texts(configuration, "headers")
        self._fields = _fields(configuration)
        body_format = text_of(configuration, "format", default="json")
        if body_format not in ("json", "form"):
            raise ConfigurationError("The format must be json or form.")
        self._is_form = body_format == "form"
        answer = configuration.get("answer", {})
        self._id = text_of(answer, "id", default="")
        self._statuses = statuses_of(answer)
        # Addresses of the web are written into logs on the way, and headers into many.
        for place in (self._url, *self._headers.values()):
            if "{to}" in place or "{text}" in place:
                raise ConfigurationError("The number and the text belong in the fields, not in the URL or a header.")

    def send(self, message: Message) -> str | None:
        assert isinstance(message, Sms)
        values = {
            "key": message.key,
            "sender": message.sender_id,
            "to": international(message.to),
            "text": message.text,
        }
        fields = _filled(self._fields, values)
        kind = "application/x-www-form-urlencoded" if self._is_form else "application/json"
        request = HttpRequest(
            method=self._method,
            url=_filled(self._url, values),
            headers={"Content-Type": kind, "Accept": "application/json", **_filled(self._headers, values)},
            body=(urlencode(fields) if self._is_form else json.dumps(fields)).encode(),
        )
        answer = exchanged(self._transport, request, self._statuses)
        return self._own_id(answer.body)

    def _own_id(self, body: bytes) -> str | None:
        if not self._id:
            return None
        try:
            found = _at(json.loads(body), self._id)
        except ValueError:
            found = None
        if not found:
            # Whether it was taken nobody can say. The same key is sent again, and is one to a gateway that knows keys.
            raise TechnicalFailure("answer")
        return found

    def close(self) -> None:
        pass


def open_channel(configuration: Configuration, transport: Transport) -> SmsChannel:
    return SmsChannel(configuration, transport)


def _texts(configuration: Configuration, name: str) -> Mapping[str, str]:
    found = configuration.get(name, {})
    if not isinstance(found, Mapping) or not all(isinstance(one, str) for one in found.values()):
        raise ConfigurationError(f"The gateway's setting {name} must be a table of texts.")
    return found


def _fields(configuration: Configuration) -> Mapping[str, Any]:
    found = configuration.get("fields")
    if not isinstance(found, Mapping) or not {"to", "text"} <= set(_PLACE.findall(json.dumps(found))):
        raise ConfigurationError("The gateway's setting fields must say where {to} and {text} go.")
    if configuration.get("format") == "form":
        _texts(configuration, "fields")
    return found


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """With the places filled, once: what is filled in is no place for anything else."""
    if isinstance(value, Mapping):
        return {name: _filled(one, values) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    return _PLACE.sub(lambda place: values[place[1]], value) if isinstance(value, str) else value


def _at(value: Any, path: str) -> str | None:
    """What stands at a path such as "messages.0.id", as a text; None where nothing does."""
    for step in path.split("."):
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, Mapping):
            value = value.get(step)
        else:
            return None
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value)[:200] or None if is_text else None


class Outcome(StrEnum):
    """What a gateway heard afterwards."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one message: named by the gateway's id, by our key, or by both."""

    gateway_message_id: str | None
    key: str | None
    outcome: Outcome
    code: str


class UnreadableReceipt(Exception):
    """The receipt is not as the configuration says."""


def read_receipt(configuration: Configuration, body: bytes, headers: Mapping[str, str]) -> Receipt | None:
    """A receipt, as JSON or as a form; None where it says nothing that is final ("on its way").

    ``configuration`` is ``Gateway.receipt``. Raises ``UnreadableReceipt``.
    """
    said = _said(body, headers)
    state = _at(said, text_of(configuration, "outcome"))
    own_id, key = (_at(said, text_of(configuration, name, default="")) for name in ("id", "key"))
    if state is None or (own_id is None and key is None):
        raise UnreadableReceipt
    for outcome in Outcome:
        if state in configuration.get(outcome.value, ()):
            code = _at(said, text_of(configuration, "code", default="")) or state
            return Receipt(own_id, key, outcome, code if re.fullmatch(r"[\w.:-]{1,40}", code) else "")
    return None


def _said(body: bytes, headers: Mapping[str, str]) -> Any:
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    try:
        if "form" in kind:
            return dict(parse_qsl(body.decode(), max_num_fields=100))
        return json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableReceipt from None


def is_signed(secret: str, timestamp: str, body: bytes, signature: str, *, now: datetime) -> bool:
    """Whether whoever knows the secret signed just this, just now: HMAC-SHA256 of ``timestamp.body`` in hexadecimal,
    ``timestamp`` in seconds since 1970. Five minutes to either side are forgiven, and no more, against replays."""
    if not secret or not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return False
    is_fresh = abs(now.timestamp() - int(timestamp)) <= _TOLERANCE.total_seconds()
    return hmac.compare_digest(signed(secret, timestamp, body).encode(), signature.encode()) and is_fresh


def signed(secret: str, timestamp: str, body: bytes) -> str:
    """The signature that ``is_signed`` wants."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
