"""Keeps messages in memory: for tests, and for whoever wants to look before sending."""

from notifications.channels import DeliveryFailure
from notifications.message import Email


class MemoryChannel:
    """Messages in the order in which they were sent. ``failures`` are raised first, one for each sending."""

    def __init__(self) -> None:
        self.sent: list[Email] = []
        self.failures: list[DeliveryFailure] = []

    def send(self, message: Email) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)
