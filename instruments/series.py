"""Which scores may stand in one series over time, or be pooled with another's.

For that question only. Scores of different instruments or versions, of different respondents, or made by different
banks, value sets or algorithms never join [D3]. Language and mode are recorded with each score and keep none apart:
forms are approved and scored to be equal in both.
"""

from dataclasses import dataclass

from instruments.answers import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How a response came about: what was asked, in which wording, of whom, and in which mode."""

    instrument: str
    instrument_version: str
    form: str
    wording: str
    locale: str
    respondent: str
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What must be the same for two scores to be compared."""

    instrument: str
    instrument_version: str
    variable: str
    respondent: str
    method: str
    method_hash: str
    algorithm: str


def series_of(score: Score, provenance: Provenance) -> Series:
    """The series that a score belongs to. An adaptive test and a short form of its bank are one."""
    return Series(
        instrument=provenance.instrument,
        instrument_version=provenance.instrument_version,
        variable=score.variable,
        respondent=provenance.respondent,
        method=score.method,
        method_hash=score.method_hash,
        algorithm=score.algorithm,
    )
