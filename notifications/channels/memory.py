"""Keeps messages in memory: for tests, and for whoever wants to look before sending."""

from notifications.channels import Configuration, ConfigurationError, DeliveryFailure, Transport, text_of
from notifications.message import Format, Message


class MemoryChannel:
    """Messages in the order in which they were sent; the same key again is the same message.

    ``failures`` are raised first, one for each sending. ``keys`` are those of every sending, repeated ones too.
    """

    def __init__(self, format: Format = Format.EMAIL, *, envelope: tuple[str, ...] = ()) -> None:
        self.format = format
        self.envelope = envelope
        self.sent: list[Message] = []
        self.keys: list[str] = []
        self.failures: list[DeliveryFailure] = []

    def send(self, message: Message) -> str:
        if self.failures:
            raise self.failures.pop(0)
        if message.key not in self.keys:
            self.sent.append(message)
        self.keys.append(message.key)
        return f"memory-{message.key}"

    def close(self) -> None:
        pass


def open_channel(configuration: Configuration, transport: Transport) -> MemoryChannel:
    said = text_of(configuration, "format", default=Format.EMAIL)
    if said not in list(Format):
        raise ConfigurationError("The format must be one of email, sms, letter and note.")
    return MemoryChannel(Format(said))
