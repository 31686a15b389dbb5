"""What addresses for staff call a patient: a name that means nothing outside their provider.

A person's own id is the same at every provider, and an address stays behind in histories and logs.
"""

from uuid import UUID

from flask import Flask

from survey_service.errors import AccessDenied
from survey_service.foundation.crypto import patient_reference, read_patient_reference
from survey_service.http.context import services, staff


def install_references(app: Flask) -> None:
    """Let templates write ``person_id|reference`` in an address."""
    app.jinja_env.filters["reference"] = reference


def reference(person_id: UUID) -> str:
    """The patient's name in addresses of the provider of whoever is signed in."""
    return patient_reference(person_id, provider_id=staff().provider_id, key=services().settings.identity_key)


def read_reference(text: str) -> UUID | None:
    """Whom an address names; None for what the provider calls nobody."""
    return read_patient_reference(text, provider_id=staff().provider_id, key=services().settings.identity_key)


def person_of(text: str) -> UUID:
    """As ``read_reference``. Raises ``AccessDenied`` for a name that the provider has not given."""
    found = read_reference(text)
    if found is None:
        raise AccessDenied
    return found
