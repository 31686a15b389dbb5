"""The composition root: settings in, services out. The only place where adapters are chosen."""

from instruments import Library
from notifications.channels.email import SmtpChannel
from survey_service.foundation.clock import Clock, utc_now
from survey_service.foundation.crypto import KeyWrapper, PostgresKeyStore
from survey_service.foundation.db import Database
from survey_service.foundation.services import Services
from survey_service.settings import Settings


def build_services(settings: Settings, *, clock: Clock = utc_now) -> Services:
    """The services of one process."""
    return Services(
        settings=settings,
        db=Database(settings.databases),
        keys=PostgresKeyStore(settings.databases.keys, KeyWrapper(settings.master_keyset)),
        clock=clock,
        library=Library.load(),
        email=SmtpChannel(
            host=settings.mail.host,
            port=settings.mail.port,
            sender_address=settings.mail.sender_address,
            starttls=settings.mail.starttls,
            username=settings.mail.username,
            password=settings.mail.password,
        ),
    )
