"""What can go wrong that a caller has to hear about, each with one sentence and a stable code.

::

    SurveyServiceError
    ├── BadInput              400  a value is out of range, unknown or malformed; names the field
    ├── NotSignedIn           401  no session, or it has ended
    ├── AccessDenied          403  signed in, but not for this (also what does not exist: the two look the same)
    │   ├── OtherUnits             of the same provider: can be opened with a reason
    │   └── MandateEnded           whoever answered for somebody may no longer
    ├── SignInRefused         403  the identity provider's word was not enough
    ├── Conflict              409  somebody, or another device, was first
    ├── Closed                410  the window has closed
    └── Unavailable           503  a counterpart is down; nothing was lost

The sentence is English source text, translated at the edge: `make texts` gathers the first argument of these classes
and whatever is in ``mark``. ``values`` fill in what a sentence names (``%(instrument)s``), after it is translated. No
message ever holds an answer, a person's name or a token.
"""

from collections.abc import Mapping
from uuid import UUID

from translations.sentences import mark as mark


class SurveyServiceError(Exception):
    """Something went wrong."""

    status = 500
    code = "internal-error"

    def __init__(self, sentence: str, *, values: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.values = dict(values or {})


class BadInput(SurveyServiceError):
    """A value cannot be accepted. ``fields`` are sentences by field, filled in with the same ``values``."""

    status = 400
    code = "bad-input"

    def __init__(
        self, sentence: str, *, fields: Mapping[str, str] | None = None, values: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence, values=values)
        self.fields = dict(fields or {})


class NotSignedIn(SurveyServiceError):
    """You are not signed in, or you have been signed out."""

    status = 401
    code = "not-signed-in"

    def __init__(self, sentence: str = mark("You are not signed in, or you have been signed out.")) -> None:
        super().__init__(sentence)


class AccessDenied(SurveyServiceError):
    """This page is not yours to see, or it does not exist."""

    status = 403
    code = "access-denied"

    def __init__(self, sentence: str = mark("This page is not yours to see, or it does not exist.")) -> None:
        super().__init__(sentence)


class OtherUnits(AccessDenied):
    """Answers at another unit of the same provider: a reason opens them."""

    def __init__(self, response_id: UUID) -> None:
        super().__init__(
            mark("These answers are for another unit, or another protocol. You can open them with a reason.")
        )
        self.response_id = response_id


class MandateEnded(AccessDenied):
    """A mandate to answer for somebody has ended while it was used."""

    def __init__(self) -> None:
        super().__init__(mark("You can no longer answer for this person. What you have answered is kept."))


class SignInRefused(SurveyServiceError):
    """The sign-in did not meet what is asked here."""

    status = 403
    code = "sign-in-refused"


class Conflict(SurveyServiceError):
    """This has already been done, perhaps on another device."""

    status = 409
    code = "conflict"


class Closed(SurveyServiceError):
    """The time to answer is over."""

    status = 410
    code = "closed"


class Unavailable(SurveyServiceError):
    """Something that is needed here does not answer just now. Nothing is lost."""

    status = 503
    code = "unavailable"
