"""What leaves the service, and the check that it reveals nothing.

A notice may be read on a locked phone, in a stairwell or at a sorting office by somebody else. It names a neutral
sender and a way in, never an instrument, a diagnosis or a unit's speciality.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from html import unescape
from urllib.parse import unquote


class Format(StrEnum):
    """What a channel carries, and so to what kind of address."""

    EMAIL = "email"
    """Subject, plain text and HTML, to an e-mail address."""
    SMS = "sms"
    """A short text, to a mobile number."""
    LETTER = "letter"
    """A printed page, to a postal address."""
    NOTE = "note"
    """Subject and plain text, to an identity number: another service's inbox."""


@dataclass(frozen=True, slots=True)
class Email:
    """A rendered e-mail. ``key`` makes a repeated sending recognisable to the receiving server (Message-ID).

    ``choices_link`` is where the receiver chooses how to be written to (List-Unsubscribe); empty for staff.
    """

    key: str
    to: str = field(repr=False)
    sender_name: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    choices_link: str = ""


@dataclass(frozen=True, slots=True)
class Sms:
    """A rendered short message. ``sender_id`` is what the phone shows: up to eleven letters and digits (GSM 03.40)."""

    key: str
    to: str = field(repr=False)
    sender_id: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a letter goes, as the population register writes it."""

    name: str = field(repr=False)
    street: str = field(repr=False)
    postcode: str = field(repr=False)
    town: str = field(repr=False)
    care_of: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to be set and printed. ``code`` lets who has no e-identification answer; empty where none may.

    ``return_address`` is of the sender's print office: undelivered letters come back there.
    """

    key: str
    to: PostalAddress = field(repr=False)
    sender_name: str
    return_address: str
    day: date
    locale: str
    heading: str = field(repr=False)
    paragraphs: tuple[str, ...] = field(repr=False)
    link: str
    code: str = field(default="", repr=False)
    code_label: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Note:
    """A message for another service's inbox, such as a national mailbox."""

    key: str
    to: str = field(repr=False)
    sender_name: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    link: str


Message = Email | Sms | Letter | Note


class RevealingMessage(Exception):
    """The rendered message says more than that something waits."""


_NO_LETTER = re.compile(r"[\W_]+")
_ACCENT = re.compile("[\u0300-\u036f]+")
# A shorter text is no secret inside a word: the instrument ESS is not revealed by an address (Swedish: adress).
_SHORTEST_INSIDE = 5


def refuse_revealing(message: Message, *, secrets: Iterable[str], envelope: Iterable[str] = ()) -> None:
    """Raise ``RevealingMessage`` if anything of the message, as rendered, holds any of ``secrets``.

    ``secrets`` are the texts that would give the matter away: titles of instruments and occasions, the unit's name and
    speciality, diagnoses, and who the patient is. ``envelope`` is what the channel adds of its own: the sender's domain
    or address. Case, accents, spaces and hyphens make no difference, nor does how HTML or an address of the web writes
    a sign.
    """
    if reveals((*_parts(message), *envelope), secrets):
        raise RevealingMessage


def reveals(shown: Iterable[str], secrets: Iterable[str]) -> bool:
    """Whether any of the texts holds any of the secrets: inside a word too, but for short ones."""
    plain = [_without_accents(part) for part in shown]
    run_together = [_NO_LETTER.sub("", part) for part in plain]
    for secret in secrets:
        folded = _NO_LETTER.sub("", _without_accents(secret))
        if len(folded) >= _SHORTEST_INSIDE:
            if any(folded in part for part in run_together):
                return True
        elif folded and any(_as_a_word(folded).search(part) for part in plain):
            return True
    return False


def _parts(message: Message) -> Iterator[str]:
    """Everything of the message that somebody may read before signing in, but to whom it goes; and but the one-time
    code, which is chance."""
    yield message.key
    match message:
        case Email():
            yield from (message.sender_name, message.subject, *_as_read(message.text))
            # As written, for what is in the tags; and as read, for what tags cut apart.
            yield from (unescape(message.html), unescape(re.sub("<[^>]*>", "", message.html)))
            yield from _as_read(message.choices_link)
        case Sms():
            yield from (message.sender_id, *_as_read(message.text))
        case Letter():
            yield from (message.sender_name, message.return_address, message.heading, *message.paragraphs)
            yield from (*_as_read(message.link), message.code_label)
        case Note():
            yield from (message.sender_name, message.subject, *_as_read(message.text), *_as_read(message.link))


def _as_read(link: str) -> tuple[str, str]:
    """An address of the web, and what its percent signs stand for."""
    return link, unquote(link)


@lru_cache(maxsize=1024)
def _as_a_word(folded: str) -> re.Pattern[str]:
    letters = r"[\W_]*".join(map(re.escape, folded))
    return re.compile(rf"(?<![^\W_]){letters}(?![^\W_])")


def _without_accents(text: str) -> str:
    """As a reader takes it. Decomposing can bring capitals, as of a sign for "TEL"."""
    return _ACCENT.sub("", unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()))
