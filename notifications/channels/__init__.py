"""The ways out. Every channel keeps the same promise, and one contract test holds them to it.

A channel is a module or a folder here with a function ``open_channel(configuration, transport)``: the operator's
configuration names it, and nothing else knows of it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, cast

from notifications.message import Format, Message


class DeliveryFailure(Exception):
    """The message was not taken, or nobody knows. Says a code at most, never whose message or what was in it.

    ``asked``: for how long the counterpart wants to be left alone.

    ::

        DeliveryFailure
        ├── TemporaryFailure    the counterpart asks to wait: try again later
        ├── PermanentFailure    this address will never take it: try another way
        └── TechnicalFailure    no sensible answer: try again, and tell the operator if it goes on
    """

    def __init__(self, code: str = "", *, asked: timedelta | None = None) -> None:
        super().__init__(code)
        self.asked = asked


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
    they are used in their order, the next when the one before it is out of order. ``receipt``: how its delivery
    receipts are read (``sms.read_receipt``).
    """

    name: str
    kind: str
    channel: Channel
    per_second: float = 10.0
    receipt_secret: str = field(default="", repr=False)
    receipt: Configuration = field(default_factory=dict, repr=False)


def text_of(configuration: Configuration, name: str, *, default: str | None = None) -> str:
    """A setting that is a text. Raises ``ConfigurationError``."""
    value = configuration.get(name, default)
    if not isinstance(value, str) or (not value and default is None):
        raise ConfigurationError(f"The gateway's setting {name} is missing, or no text.")
    return value


def open_gateways(
    configurations: Sequence[Configuration], transport: Transport, *, environ: Mapping[str, str]
) -> tuple[Gateway, ...]:
    """The operator's gateways, in their order.

    Each configuration has a ``name`` and an ``adapter`` (a module or folder here); it may have a ``kind`` (or else the
    adapter's name), ``per_second``, ``receipt_secret`` and ``receipt``; the rest is the adapter's. A text "env:NAME" is
    read from ``environ``, so that no secret need be in a file. Raises ``ConfigurationError`` naming what is wrong.
    """
    opened = tuple(_opened(_with_secrets(one, environ), transport) for one in configurations)
    names = [one.name for one in opened]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"There are two gateways with the name {name}.")
    return opened


def _opened(configuration: Configuration, transport: Transport) -> Gateway:
    name, adapter = text_of(configuration, "name"), text_of(configuration, "adapter")
    open_channel = _adapter(adapter)
    kind, receipt = text_of(configuration, "kind", default=adapter), configuration.get("receipt", {})
    per_second = configuration.get("per_second", 10)
    # The database knows the same: main_0023.
    if not re.fullmatch("[a-z][a-z0-9-]{0,39}", name) or not re.fullmatch("[a-z][a-z_]{0,19}", kind):
        raise ConfigurationError(f"The gateway {name} has a name or a kind with other than small letters.")
    try:
        if not isinstance(per_second, int | float) or per_second <= 0:
            raise ConfigurationError("The rate per_second is no number above zero.")
        if not isinstance(receipt, Mapping):
            raise ConfigurationError("The setting receipt is no table.")
        return Gateway(
            name=name,
            kind=kind,
            channel=open_channel(configuration, transport),
            per_second=float(per_second),
            receipt_secret=text_of(configuration, "receipt_secret", default=""),
            receipt=receipt,
        )
    except ConfigurationError as wrong:
        raise ConfigurationError(f"The gateway {name}: {wrong}") from None


def _adapter(name: str) -> Callable[[Configuration, Transport], Channel]:
    module = f"{__name__}.{name}"
    if not re.fullmatch("[a-z][a-z_]*", name) or find_spec(module) is None:
        raise ConfigurationError(f"There is no adapter {name}.")
    adapter = getattr(import_module(module), "open_channel", None)
    if adapter is None:
        raise ConfigurationError(f"There is no adapter {name}.")
    return cast("Callable[[Configuration, Transport], Channel]", adapter)


def _with_secrets(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _with_secrets(one, environ) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_secrets(one, environ) for one in value]
    if isinstance(value, str) and value.startswith("env:"):
        name = value.removeprefix("env:")
        if not environ.get(name):
            raise ConfigurationError(f"The environment lacks {name}, which a gateway needs.")
        return environ[name]
    return value
