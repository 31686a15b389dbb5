"""The ways out. Every channel keeps the same promise, and one contract test holds them to it.

A channel is a module or a folder here with a function ``open_channel(configuration, transport)``: the operator's
configuration names it, and nothing else knows of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from notifications.message import Format, Message


class DeliveryFailure(Exception):
    """The message was not taken.

    ::

        DeliveryFailure
        ├── TemporaryFailure    the counterpart asks to wait: try again later
        ├── PermanentFailure    this address will never take it: try another way
        └── TechnicalFailure    no sensible answer: try again, and tell the operator if it goes on
    """


class TemporaryFailure(DeliveryFailure):
    """The counterpart asks to wait."""


class PermanentFailure(DeliveryFailure):
    """This address will never take it."""


class TechnicalFailure(DeliveryFailure):
    """No sensible answer."""


class Channel(Protocol):
    """Takes messages of one format.

    ``envelope`` is what it shows of its own with every message, for the check that nothing is revealed: the sender's
    domain, a return address.
    """

    @property
    def format(self) -> Format: ...

    @property
    def envelope(self) -> tuple[str, ...]: ...

    def send(self, message: Message) -> str | None:
        """Hand the message over; returns the counterpart's own id for it, where it gives one.

        ``message.key`` is the idempotency key: the same message handed over twice is one to a counterpart that keeps
        to it. Raises a ``DeliveryFailure``.
        """
        ...

    def close(self) -> None:
        """Let go of what is kept open between messages. It may be used again."""
        ...


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What a channel wants sent. Values are never printed."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


# Sends a request, or raises ``OSError`` when no answer came. The service has the HTTP client; the library none.
Transport = Callable[[HttpRequest], HttpAnswer]

Configuration = Mapping[str, Any]


class ConfigurationError(Exception):
    """A channel's configuration lacks something, or says something that cannot be."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """One counterpart: a channel with a name, and how much it takes.

    ``kind`` is the channel of the ladder that it serves ("email", "sms", "letter" …). Several gateways may serve one:
    they are used in their order, the next when the one before it is out of order.
    """

    name: str
    kind: str
    channel: Channel
    per_second: float = 10.0
    receipt_secret: str = field(default="", repr=False)


def text_of(configuration: Configuration, name: str, *, default: str | None = None) -> str:
    """A setting that is a text. Raises ``ConfigurationError``."""
    value = configuration.get(name, default)
    if not isinstance(value, str) or (not value and default is None):
        raise ConfigurationError(f"The gateway's setting {name} is missing, or no text.")
    return value
