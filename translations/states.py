"""The states that a translation goes through, by name. Not for who may take it where."""

from enum import StrEnum


class State(StrEnum):
    """Where one translation of one text stands."""

    DRAFT = "draft"
    TRANSLATED = "translated"
    REVIEWED = "reviewed"
    LINGUISTICALLY_VALIDATED = "linguistically_validated"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
