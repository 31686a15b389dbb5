"""The national portal's inbox, as its service contract has it: ``infrastructure:eservicesupply:patientportal``
AddMessage over SOAP.

Shaped after the contract's published fields and tried against a counterpart of our own, never against the portal.
Shows what one more channel takes: this folder, and a table in the operator's file.
"""

from notifications.channels import Configuration, Transport, text_of
from notifications.channels.portal.add_message import AddMessage


def open_channel(configuration: Configuration, transport: Transport) -> AddMessage:
    return AddMessage(
        url=text_of(configuration, "url"),
        logical_address=text_of(configuration, "logical_address"),
        source_system=text_of(configuration, "source_system"),
        transport=transport,
    )
