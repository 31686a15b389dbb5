"""What an operator's shell has: the settings as variables, for processes and commands of the service."""

import json
import os

from survey_service.settings import Settings


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that ``Settings.from_environment`` reads these settings from."""
    urls = settings.databases
    return {
        **os.environ,
        "SURVEY_ENVIRONMENT": settings.environment.value,
        "SURVEY_BASE_URL": settings.base_url,
        "SURVEY_DATABASE_URL": urls.login,
        "SURVEY_REGISTER_DATABASE_URL": urls.register,
        "SURVEY_WORKER_DATABASE_URL": urls.worker,
        "SURVEY_OPERATOR_DATABASE_URL": urls.operator,
        "SURVEY_KEYS_DATABASE_URL": urls.keys,
        "SURVEY_SECRET_KEY": settings.secret_key,
        "SURVEY_MASTER_KEYSET": settings.master_keyset,
        "SURVEY_IDENTITY_KEY": settings.identity_key.hex(),
        "SURVEY_TOKEN_KEY": json.dumps(dict(settings.token_key)),
        **{
            f"SURVEY_{who}_OIDC_{name}": "http://identity.test"
            for who in ("PATIENT", "STAFF")
            for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "ACR")
        },
        "SURVEY_SMTP_HOST": settings.mail.host,
        "SURVEY_SMTP_PORT": str(settings.mail.port),
        "SURVEY_SMTP_SENDER": settings.mail.sender_address,
        "SURVEY_SMTP_STARTTLS": "false",
        "SURVEY_SIGNING_KEY": json.dumps(dict(settings.record_systems.signing_key or {})),
    }
