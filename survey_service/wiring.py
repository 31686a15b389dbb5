"""The composition root: settings in, services out. The only place where adapters are chosen."""

import tomllib

from sqlalchemy.exc import OperationalError

from instruments import Library
from notifications.channels import ConfigurationError, Gateway, open_gateways
from notifications.channels.email import Security, SmtpChannel, SmtpServer
from notifications.message import Format
from notifications.specialities import names_speciality
from survey_service.demo.clock import MovedClock
from survey_service.demo.directory import SimulatedDirectory
from survey_service.foundation.clock import Clock, utc_now
from survey_service.foundation.crypto import KeyWrapper, PostgresKeyStore
from survey_service.foundation.db import Database
from survey_service.foundation.http_transport import HttpTransport
from survey_service.foundation.person_directory import NO_DIRECTORY, PersonDirectory
from survey_service.foundation.principals import Gate
from survey_service.foundation.services import Services
from survey_service.licensing.queries import is_demonstration
from survey_service.settings import Settings, SettingsError


def refuse_another_deployment(settings: Settings) -> None:
    """Raise ``SettingsError`` unless the settings and the database say the same about being a demonstration."""
    db = Database(settings.databases, pool_size=1)
    try:
        with db.transaction(as_=Gate()) as connection:
            said = is_demonstration(connection)
    except OperationalError:
        raise SettingsError("The service's database cannot be reached (SURVEY_DATABASE_URL).") from None
    finally:
        db.close()
    if said is None:
        raise SettingsError("The database does not say whether it is for a demonstration: run survey database migrate.")
    if said is not settings.demonstration:
        kind = "a demonstration" if said else "real use"
        raise SettingsError(f"SURVEY_ENVIRONMENT is {settings.environment.value}, but the database is for {kind}.")


def build_services(settings: Settings) -> Services:
    """The services of one process. Raises ``SettingsError`` when the database is for another kind of use."""
    clock: Clock = MovedClock(settings.demo_clock) if settings.demonstration and settings.demo_clock else utc_now
    refuse_another_deployment(settings)
    gateways = _gateways(settings)
    return Services(
        settings=settings,
        db=Database(settings.databases),
        keys=PostgresKeyStore(settings.databases.keys, KeyWrapper(settings.master_keyset)),
        clock=clock,
        library=Library.at_hand(settings.instruments),
        gateways=gateways,
        directory=_directory(settings),
    )


def _gateways(settings: Settings) -> tuple[Gateway, ...]:
    """Those of the operator's file; without one, e-mail by the settings of the mail server."""
    if settings.notices.gateways is None:
        mail = settings.mail
        server = SmtpServer(
            host=mail.host,
            port=mail.port,
            sender_address=mail.sender_address,
            security=Security.STARTTLS if mail.starttls else Security.NONE,
            username=mail.username,
            password=mail.password,
        )
        return (Gateway("mail", Format.EMAIL, SmtpChannel(server), per_second=1000),)
    try:
        tables = tomllib.loads(settings.notices.gateways.read_text()).get("gateway", [])
        if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
            raise ConfigurationError("Each gateway must be a table [[gateway]].")
        opened = open_gateways(tables, HttpTransport(), environ=settings.notices.gateway_secrets)
    except (tomllib.TOMLDecodeError, ConfigurationError) as wrong:
        raise SettingsError(f"The file of SURVEY_GATEWAYS: {wrong}") from None
    if not any(one.kind == Format.EMAIL for one in opened):
        raise SettingsError("The file of SURVEY_GATEWAYS names no gateway for email, by which staff are told.")
    for one in opened:
        if any(names_speciality(shown) for shown in one.channel.envelope):
            raise SettingsError(f"The file of SURVEY_GATEWAYS: the sender of {one.name} names a kind of care.")
    return opened


def _directory(settings: Settings) -> PersonDirectory:
    """The simulated one of a demonstration; without a real one's adapter, no letter goes out anywhere else."""
    file = settings.notices.person_directory
    return NO_DIRECTORY if file is None else SimulatedDirectory(file)
