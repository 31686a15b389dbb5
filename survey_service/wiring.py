"""The composition root: settings in, services out. The only place where adapters are chosen."""

from sqlalchemy.exc import OperationalError

from instruments import Library
from instruments.library import SHIPPED as SHIPPED_INSTRUMENTS
from notifications.channels.email import SmtpChannel
from survey_service.foundation.clock import Clock, utc_now
from survey_service.foundation.crypto import KeyWrapper, PostgresKeyStore
from survey_service.foundation.db import Database
from survey_service.foundation.principals import Gate
from survey_service.foundation.services import Services
from survey_service.licensing.queries import is_demonstration
from survey_service.settings import Settings, SettingsError
from translations.catalogue import SHIPPED as SHIPPED_WORDING
from translations.catalogue import InstrumentWording, load_wordings


def instrument_library(settings: Settings) -> Library:
    """The instruments that the project ships, and those of the operator's own folder (``SURVEY_INSTRUMENTS``)."""
    own = settings.instruments
    return Library.load(SHIPPED_INSTRUMENTS, own / "data") if own else Library.load()


def shipped_wordings(settings: Settings, library: Library) -> tuple[InstrumentWording, ...]:
    """The wording that comes in files: the project's, and that of the operator's own folder."""
    own = settings.instruments
    return load_wordings(library, SHIPPED_WORDING, own / "wording") if own else load_wordings(library)


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


def build_services(settings: Settings, *, clock: Clock = utc_now) -> Services:
    """The services of one process. Raises ``SettingsError`` when the database is for another kind of use."""
    refuse_another_deployment(settings)
    return Services(
        settings=settings,
        db=Database(settings.databases),
        keys=PostgresKeyStore(settings.databases.keys, KeyWrapper(settings.master_keyset)),
        clock=clock,
        library=instrument_library(settings),
        email=SmtpChannel(
            host=settings.mail.host,
            port=settings.mail.port,
            sender_address=settings.mail.sender_address,
            starttls=settings.mail.starttls,
            username=settings.mail.username,
            password=settings.mail.password,
        ),
    )
