"""Survey instruments as data, and their scores.

For what an instrument is, what it asks next and what its answers are worth. It knows nothing of wording,
patients, sessions or storage; the one numerical engine it calls is `cat_engine`.
"""

from instruments.answers import Answered, AnswerKind, MissingReason, Score
from instruments.definition import (
    Administration,
    Definition,
    Family,
    Item,
    Licence,
    QuestionKind,
    Reference,
    Variable,
    VariableType,
)
from instruments.errors import (
    AnswerNotAccepted,
    DefinitionError,
    InstrumentsError,
    NotAdaptive,
    UnknownInstrument,
    WordingIncomplete,
)
from instruments.form import Ask, Complete
from instruments.instrument import Instrument
from instruments.library import Library

__all__ = [
    "Administration",
    "AnswerKind",
    "AnswerNotAccepted",
    "Answered",
    "Ask",
    "Complete",
    "Definition",
    "DefinitionError",
    "Family",
    "Instrument",
    "InstrumentsError",
    "Item",
    "Library",
    "Licence",
    "MissingReason",
    "NotAdaptive",
    "QuestionKind",
    "Reference",
    "Score",
    "UnknownInstrument",
    "Variable",
    "VariableType",
    "WordingIncomplete",
]
