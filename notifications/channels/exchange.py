"""One request to a gateway over HTTP, and what its answer's status means. Not an adapter itself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from notifications.channels import (
    Configuration,
    ConfigurationError,
    HttpAnswer,
    HttpRequest,
    PermanentFailure,
    TechnicalFailure,
    TemporaryFailure,
    Transport,
)

# Too many, too early, or not now. Everything else that is no success and no word about the address (a refused key, a
# wrong path, a server that broke) is for the operator to mend, and no reason to give the address up.
_TEMPORARY = (408, 425, 429, 503)
_PERMANENT = (400, 410, 422)


@dataclass(frozen=True, slots=True)
class Statuses:
    """Which statuses of HTTP say "later", and which "never to this address"."""

    temporary: Collection[int] = _TEMPORARY
    permanent: Collection[int] = _PERMANENT


def statuses_of(configuration: Configuration) -> Statuses:
    """As the operator says, or else the usual. Raises ``ConfigurationError``."""
    temporary, permanent = configuration.get("temporary", _TEMPORARY), configuration.get("permanent", _PERMANENT)
    for one in (temporary, permanent):
        if not isinstance(one, list | tuple) or not all(isinstance(status, int) for status in one):
            raise ConfigurationError("The statuses must be lists of numbers.")
    return Statuses(temporary, permanent)


def exchanged(transport: Transport, request: HttpRequest, statuses: Statuses) -> HttpAnswer:
    """The answer of who has taken it. Raises a ``DeliveryFailure`` otherwise."""
    try:
        answer = transport(request)
    except OSError as error:
        failure = TechnicalFailure(type(error).__name__)
    else:
        if 200 <= answer.status < 300:
            return answer
        code, asked = str(answer.status), _asked(answer)
        if answer.status in statuses.temporary:
            raise TemporaryFailure(code, asked=asked)
        if answer.status in statuses.permanent:
            raise PermanentFailure(code)
        raise TechnicalFailure(code, asked=asked)
    raise failure


def _asked(answer: HttpAnswer) -> timedelta | None:
    """For how long to wait (RFC 9110, 10.2.3), where it is said in seconds."""
    said = next((value for name, value in answer.headers.items() if name.lower() == "retry-after"), "")
    return timedelta(seconds=int(said)) if said.isascii() and said.isdecimal() and len(said) < 8 else None
