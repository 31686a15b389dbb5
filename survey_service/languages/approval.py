"""From approved texts to a version that patients may be shown: what is there, what is missing, how well it measures.

A version is immutable. What was shown in a session stays that session's.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from translations.subjects import SubjectKind


@dataclass(frozen=True, slots=True)
class Precision:
    """How well a bank measures with the items that have approved wording, by simulation, against all of them."""

    items: int
    of_items: int
    mean_se: float
    mean_se_of_all: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """What approving a subject in a language now would come to.

    ``content_hash`` names the texts: what was looked at is what is approved; empty where there is none. ``missing``
    (needed and not approved) and ``stale`` (approved, of a source that has changed) are contexts in the form's order.
    ``is_enough``: it may be approved. ``eligible`` and ``minimum`` are items of an adaptive bank, which may be approved
    with some missing; ``precision`` what that costs. ``is_new``: it is not what is in force already.
    """

    subject: str
    kind: SubjectKind
    locale: str
    content_hash: str
    approved: int
    total: int
    missing: tuple[str, ...]
    stale: tuple[str, ...]
    eligible: int | None
    minimum: int | None
    precision: Precision | None
    is_enough: bool
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedVersion:
    """What was made. ``left_out`` are the contexts without approved text, of a bank."""

    id: UUID
    subject: str
    locale: str
    content_hash: str
    left_out: tuple[str, ...]


def completeness(connection: Connection, services: Services, *, subject: str, locale: str) -> Completeness:
    """Whether a version can be approved, and what it would be."""
    raise NotImplementedError


def approve_wording(
    services: Services,
    *,
    subject: str,
    locale: str,
    as_: Translator,
    seen: str | None = None,
    without_stale: bool = False,
) -> ApprovedVersion:
    """Make the version that is given from now on. ``seen`` is the hash of what was looked at.

    Raises ``BadInput`` when it is not complete enough, or texts are stale and nobody said that they are to be left out
    (``without_stale``; a form given whole is never without), ``Conflict`` when the approved texts are others than those
    seen, ``AccessDenied`` for whoever may not approve.
    """
    raise NotImplementedError
