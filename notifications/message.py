"""What leaves the service, and the check that it reveals nothing.

A notice may be read on a locked phone by somebody else. It names a neutral sender and a way in, never an instrument, a
diagnosis or a unit's speciality.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Email:
    """A rendered e-mail. ``key`` makes a repeated sending recognisable to the receiving server (Message-ID)."""

    key: str
    to: str = field(repr=False)
    sender_name: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


class RevealingMessage(Exception):
    """The rendered message says more than that something waits."""


def refuse_revealing(message: Email, *, secrets: Iterable[str]) -> None:
    """Raise ``RevealingMessage`` if the message, as rendered, holds any of ``secrets`` in any case.

    ``secrets`` are the texts that would give the matter away: titles of instruments and occasions, the unit's name,
    the patient's name.
    """
    rendered = "\n".join((message.sender_name, message.subject, message.text, message.html)).casefold()
    if any(secret.casefold() in rendered for secret in secrets if secret.strip()):
        raise RevealingMessage
