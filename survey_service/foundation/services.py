"""What the composition root hands to every capability: one value, wired once, passed as an argument."""

from dataclasses import dataclass

from instruments import Library
from notifications.channels import Channel, Gateway
from notifications.message import Format
from survey_service.foundation.clock import Clock
from survey_service.foundation.crypto import KeyStore
from survey_service.foundation.db import Database
from survey_service.foundation.person_directory import NO_DIRECTORY, PersonDirectory
from survey_service.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The service's parts. Use cases take it first; tests build their own.

    ``gateways`` are the ways out to patients, each channel's in the order in which they are tried.
    """

    settings: Settings
    db: Database
    keys: KeyStore
    clock: Clock
    library: Library
    gateways: tuple[Gateway, ...]
    directory: PersonDirectory = NO_DIRECTORY

    @property
    def staff_mail(self) -> Channel:
        """What carries e-mail to staff and operators."""
        return next(one.channel for one in self.gateways if one.kind == Format.EMAIL)
