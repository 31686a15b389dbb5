"""The ways out. Every channel keeps the same promise, and one contract test holds them to it."""

from typing import Protocol

from notifications.message import Email


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


class EmailChannel(Protocol):
    """Takes an e-mail, or raises a ``DeliveryFailure``."""

    def send(self, message: Email) -> None: ...
