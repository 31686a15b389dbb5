"""Survey instruments as data, and their scores.

For what an instrument is, what it asks next and what its answers are worth. It knows nothing of wording,
patients, sessions or storage; the one numerical engine it calls is `cat_engine`.
"""

from instruments.answers import Answered, AnswerKind, AnswerValue, MissingReason, Score
from instruments.definition import (
    Administration,
    Definition,
    Family,
    Item,
    Licence,
    Reference,
    Respondent,
    ShortForm,
    Validation,
    WhoMayAnswer,
    WordingOwner,
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
from instruments.questions import (
    Day,
    FreeText,
    Number,
    Question,
    QuestionKind,
    Scale,
    SeveralChoices,
    SingleChoice,
    Statement,
)
from instruments.series import Provenance, Series, series_of
from instruments.variables import BandName, Direction, Variable, VariableType

__all__ = [
    "Administration",
    "AnswerKind",
    "AnswerNotAccepted",
    "AnswerValue",
    "Answered",
    "Ask",
    "BandName",
    "Complete",
    "Day",
    "Definition",
    "DefinitionError",
    "Direction",
    "Family",
    "FreeText",
    "Instrument",
    "InstrumentsError",
    "Item",
    "Library",
    "Licence",
    "MissingReason",
    "NotAdaptive",
    "Number",
    "Provenance",
    "Question",
    "QuestionKind",
    "Reference",
    "Respondent",
    "Scale",
    "Score",
    "Series",
    "SeveralChoices",
    "ShortForm",
    "SingleChoice",
    "Statement",
    "UnknownInstrument",
    "Validation",
    "Variable",
    "VariableType",
    "WhoMayAnswer",
    "WordingIncomplete",
    "WordingOwner",
    "series_of",
]
