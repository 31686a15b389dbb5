"""E-mail that came back: a delivery status notification (RFC 3464), and which message of ours it is about. Pure.

Nothing of the message itself is kept: it may quote an address or a text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from enum import StrEnum

_KEY = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@", re.IGNORECASE)
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
# What servers that write no status part say in its place, at the beginning of a line or after the server's name.
_REPLY = re.compile(r"(?m)(?:^|[\s:>])(5\d\d)[ -]")
_HEADERS = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})


class Fate(StrEnum):
    """What the notification says."""

    BOUNCED = "bounced"
    DELAYED = "delayed"
    """It has not arrived yet, and is tried further."""
    UNKNOWN = "unknown"
    """No notification, or not of a message of ours."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """``key`` is that of our message; ``code`` the status, such as 5.1.1."""

    fate: Fate
    key: str = ""
    code: str = ""


def read_bounce(raw: bytes) -> Bounce:
    """What a message that came to our sender address says of one of ours."""
    notification = message_from_bytes(raw, policy=policy.compat32)
    key = _key(notification)
    if key is None or not _is_notification(notification):
        return Bounce(Fate.UNKNOWN)
    actions = list(_per_recipient(notification))
    if actions:
        failed = [status for action, status in actions if action == "failed"]
        if failed:
            return Bounce(Fate.BOUNCED, key, failed[0])
        is_late = any(action == "delayed" for action, _ in actions)
        return Bounce(Fate.DELAYED if is_late else Fate.UNKNOWN, key)
    said = _text(notification)
    permanent = next((one[0] for one in _STATUS.finditer(said) if one[1] == "5"), None)
    reply = _REPLY.search(said)
    if permanent or reply:
        return Bounce(Fate.BOUNCED, key, permanent or (reply[1] if reply else ""))
    return Bounce(Fate.UNKNOWN, key)


def _is_notification(notification: Message) -> bool:
    """Only what a mail system wrote: an answer by somebody, or away from the desk, is no bounce."""
    if notification.get_content_type() == "multipart/report":
        return str(notification.get_param("report-type", "delivery-status")).lower() == "delivery-status"
    sender = str(notification.get("From", "")).lower()
    empty = str(notification.get("Return-Path", "")).strip() == "<>"
    return empty or "mailer-daemon" in sender or "postmaster" in sender


def _per_recipient(notification: Message) -> Iterator[tuple[str, str]]:
    """Action and status of each recipient (RFC 3464, 2.3)."""
    for part in notification.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            for fields in part.get_payload():
                if isinstance(fields, Message) and "Action" in fields:
                    status = _STATUS.search(str(fields.get("Status", "")))
                    yield str(fields["Action"]).strip().lower(), status[0] if status else ""


def _key(notification: Message) -> str | None:
    """Our key in the Message-ID of the message that is returned, or in what the notification quotes of it.

    The notification's own Message-ID is its own.
    """
    for part in notification.walk():
        if part.get_content_type() in _HEADERS:
            inner = part.get_payload()
            quoted = (
                [str(one.get("Message-ID", "")) for one in inner if isinstance(one, Message)]
                if isinstance(inner, list)
                else [_decoded(part)]
            )
            for text in quoted:
                if found := _KEY.search(text):
                    return found[1].lower()
    for name in ("In-Reply-To", "References", "X-Failed-Message-ID"):
        if found := _KEY.search(str(notification.get(name, ""))):
            return found[1].lower()
    found = re.search(r"(?im)^\s*Message-ID:\s*" + _KEY.pattern, _text(notification))
    return found[1].lower() if found else None


def _text(notification: Message) -> str:
    return "\n".join(_decoded(part) for part in notification.walk() if part.get_content_type() == "text/plain")


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode(errors="replace") if isinstance(payload, bytes) else ""
