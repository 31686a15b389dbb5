"""The request and the answer of AddMessage."""

import re
from contextlib import suppress
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from notifications.channels import HttpRequest, PermanentFailure, TechnicalFailure, Transport
from notifications.channels.exchange import Statuses, exchanged
from notifications.message import Format, Message, Note

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_ITR = "urn:riv:itintegration:registry:1"
_CONTRACT = "urn:riv:infrastructure:eservicesupply:patientportal:AddMessageResponder:1"
_ACTION = "urn:riv:infrastructure:eservicesupply:patientportal:AddMessage:1"
_IDENTITY = re.compile("[0-9]{8}[0-9pPtTfF][0-9]{3}")
# A fault is a broken call. What is wrong with the receiver comes as a result code.
_STATUSES = Statuses(permanent=())


class AddMessage:
    """Puts a message into the receiver's inbox. Our key is its thread: the same again is the same message."""

    format = Format.NOTE

    def __init__(self, *, url: str, logical_address: str, source_system: str, transport: Transport) -> None:
        self._url = url
        self._logical_address = logical_address
        self._source_system = source_system
        self._transport = transport

    @property
    def envelope(self) -> tuple[str, ...]:
        return (self._source_system,)

    def send(self, message: Message) -> str:
        """Returns the thread's id, as the portal gives it."""
        assert isinstance(message, Note)
        to = re.sub(r"[\s-]", "", message.to)
        if not _IDENTITY.fullmatch(to):
            raise PermanentFailure("number")
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": _ACTION}
        request = HttpRequest("POST", self._url, headers, self._written(message, to))
        return _thread(exchanged(self._transport, request, _STATUSES).body)

    def close(self) -> None:
        pass

    def _written(self, message: Note, to: str) -> bytes:
        envelope = Element(f"{{{_SOAP}}}Envelope")
        header = SubElement(envelope, f"{{{_SOAP}}}Header")
        SubElement(header, f"{{{_ITR}}}LogicalAddress").text = self._logical_address
        call = SubElement(SubElement(envelope, f"{{{_SOAP}}}Body"), f"{{{_CONTRACT}}}AddMessage")

        def say(parent: Element, name: str, text: str | None = None) -> Element:
            said = SubElement(parent, f"{{{_CONTRACT}}}{name}")
            said.text = text
            return said

        say(call, "subjectOfCareId", to)
        content = say(call, "message")
        say(content, "organisationUnit", message.sender_name)
        say(content, "messageThreadId", message.key)
        say(content, "messageDescription", message.subject)
        say(content, "messageText", f"{message.text}\n\n{message.link}")
        say(call, "notify", "true")
        say(call, "sourceSystem", self._source_system)
        return bytes(tostring(envelope, encoding="utf-8", xml_declaration=True))


def _thread(body: bytes) -> str:
    """The id of what was taken. Raises a ``DeliveryFailure`` by the result code."""
    said: dict[str, str] = {}
    with suppress(ParseError, DefusedXmlException, ValueError):
        said = {one.tag.rpartition("}")[2]: (one.text or "").strip() for one in fromstring(body).iter()}
    match said.get("resultCode"), said.get("messageThreadId"):
        case "OK" | "INFO", str() as thread if thread:
            return thread
        case "ERROR", _:
            raise PermanentFailure("ERROR")
    raise TechnicalFailure("answer")
