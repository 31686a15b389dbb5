"""What the composition root hands to every capability: one value, wired once, passed as an argument."""

from dataclasses import dataclass

from instruments import Library
from notifications.channels import EmailChannel
from survey_service.foundation.clock import Clock
from survey_service.foundation.crypto import KeyStore
from survey_service.foundation.db import Database
from survey_service.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The service's parts. Use cases take it first; tests build their own."""

    settings: Settings
    db: Database
    keys: KeyStore
    clock: Clock
    library: Library
    email: EmailChannel
