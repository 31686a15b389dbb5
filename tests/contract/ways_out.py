"""Every channel with a counterpart of its own, and how to make that one misbehave: for ``test_channels``."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from notifications.channels import Channel, DeliveryFailure, PermanentFailure, TechnicalFailure, TemporaryFailure
from notifications.channels.email import Security, SmtpChannel, SmtpServer
from notifications.channels.letter import PrintFolder
from notifications.channels.memory import MemoryChannel
from notifications.channels.portal import open_channel as open_portal
from notifications.channels.sms import open_channel as open_sms
from notifications.message import Email, Letter, Message, Note, PostalAddress, Sms
from survey_service.foundation.http_transport import HttpTransport
from tests.contract.smtp_server import smtp_server
from tests.gateway.client import SimulatedGateway

KEY = "01a2042b-0000-7000-8000-000000000001"
SENDER = "no-reply@example.se"
EMAIL = Email(
    key=KEY,
    to="asa.oberg@example.se",
    sender_name="Region Väst",
    subject="Du har ett nytt meddelande från Region Väst",
    text="Hej!\n\nLogga in för att läsa det.\n",
    html="<p>Logga in för att läsa det, Åsa & co.</p>",
    choices_link="https://survey.test/contact",
)
SMS = Sms(key=KEY, to="070-174 06 35", sender_id="RegionVast", text="Nytt meddelande: https://survey.test/inbox")
LETTER = Letter(
    key=KEY,
    to=PostalAddress("Åsa Öberg", "Storgatan 1", "411 01", "Göteborg"),
    sender_name="Region Väst",
    return_address="",
    day=date(2026, 11, 23),
    locale="sv",
    heading="Du har ett nytt meddelande",
    paragraphs=("Logga in för att läsa det.",),
    link="https://survey.test/letter",
    code="ABCDEFGHJKLM",
    code_label="Din kod",
)
NOTE = Note(KEY, "191212121212", "Region Väst", "Nytt meddelande", "Logga in.", "https://survey.test/inbox")
# What must not be repeated by anything that is raised or printed.
PERSONAL = ("asa", "Åsa", "Öberg", "Storgatan", "174 06 35", "701740635", "19121212", "ABCD", "Logga in", "läsa det")

SMS_FIELDS = {"to": "{to}", "from": "{sender}", "text": "{text}", "reference": "{key}"}


@dataclass
class Way:
    """A channel, a message for it, what its counterpart holds, and how it is made to fail once: None where it cannot
    fail so."""

    channel: Channel
    message: Message
    held: Callable[[], int]
    fail: Callable[[type[DeliveryFailure]], object]
    can_fail: tuple[type[DeliveryFailure], ...] = (TemporaryFailure, PermanentFailure, TechnicalFailure)

    def another(self) -> Message:
        return replace(self.message, key=KEY.replace("1", "2"))


Opening = Callable[[Path, SimulatedGateway], AbstractContextManager[Way]]


@contextmanager
def memory(folder: Path, gateway: SimulatedGateway) -> Iterator[Way]:
    channel = MemoryChannel(envelope=(SENDER,))
    yield Way(channel, EMAIL, lambda: len(channel.sent), lambda failure: channel.failures.append(failure()))


def smtp(security: Security) -> Opening:
    @contextmanager
    def opened(folder: Path, gateway: SimulatedGateway) -> Iterator[Way]:
        with smtp_server(folder, security) as server:
            host = "127.0.0.1" if security is Security.NONE else "localhost"
            channel = SmtpChannel(SmtpServer(host, server.port, SENDER, security, authorities=server.authorities))
            # What cannot be read is refused by the library that reads it: as the server that gives up at the sender.
            answers = {
                TemporaryFailure: "451 Later",
                PermanentFailure: "550 No asa.oberg",
                TechnicalFailure: "nonsense",
            }

            def fail(failure: type[DeliveryFailure]) -> None:
                server.at_recipient = answers[failure]

            # Mail servers do not look at keys: one Message-ID is what there is.
            yield Way(channel, EMAIL, lambda: len({one["Message-ID"] for one in server.messages()}), fail)
            channel.close()

    return opened


_BEHAVIOURS = {TemporaryFailure: "later", PermanentFailure: "refuses", TechnicalFailure: "fails"}


def texts(format: str) -> Opening:
    @contextmanager
    def opened(folder: Path, gateway: SimulatedGateway) -> Iterator[Way]:
        configuration = {
            "url": gateway.url(format),
            "format": format,
            "headers": {"Idempotency-Key": "{key}"},
            "fields": SMS_FIELDS,
            "answer": {"id": "messages.0.id"},
        }
        channel = open_sms(configuration, HttpTransport())
        yield Way(channel, SMS, lambda: len(gateway.holds()), lambda failure: gateway.does(_BEHAVIOURS[failure]))

    return opened


@contextmanager
def portal(folder: Path, gateway: SimulatedGateway) -> Iterator[Way]:
    configuration = {"url": gateway.url("portal"), "logical_address": "SE0000000000-0001", "source_system": "SE-1"}
    channel = open_portal(configuration, HttpTransport())
    yield Way(channel, NOTE, lambda: len(gateway.holds()), lambda failure: gateway.does(_BEHAVIOURS[failure]))


@contextmanager
def letters(folder: Path, gateway: SimulatedGateway) -> Iterator[Way]:
    prints = folder / "print"
    prints.mkdir()
    channel = PrintFolder(prints, "Box 1, 401 20 Göteborg")

    def fail(failure: type[DeliveryFailure]) -> None:
        prints.rename(folder / "gone")

    def held() -> int:
        return len([*folder.glob("*/*.pdf")])

    yield Way(channel, LETTER, held, fail, can_fail=(TechnicalFailure,))


WAYS: dict[str, Opening] = {
    "memory": memory,
    "smtp": smtp(Security.NONE),
    "smtp with starttls": smtp(Security.STARTTLS),
    "smtp with tls": smtp(Security.TLS),
    "text messages as json": texts("json"),
    "text messages as a form": texts("form"),
    "portal": portal,
    "letters": letters,
}
