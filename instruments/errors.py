"""What can go wrong with instruments. No message ever holds an answer.

::

    InstrumentsError
    ├── DefinitionError       a file of an instrument cannot be used
    ├── UnknownInstrument     no such instrument or version
    ├── AnswerNotAccepted     an answer that the instrument cannot take
    ├── NotAdaptive           the adaptive engine was asked to run a form that is given whole
    └── WordingIncomplete     a form that is given whole lacks wording for a part of it
"""


class InstrumentsError(Exception):
    """Something is wrong with an instrument or its use."""


class DefinitionError(InstrumentsError):
    """A file of an instrument cannot be used; the message names the file, the line where it is known, and the field."""

    def __init__(self, file: str, field: str, problem: str, *, line: int | None = None) -> None:
        places = [file, f"line {line}" if line else "", field, problem]
        super().__init__(": ".join(place for place in places if place))
        self.file = file
        self.field = field
        self.problem = problem
        self.line = line


class UnknownInstrument(InstrumentsError):
    """There is no such instrument or version."""


class AnswerNotAccepted(InstrumentsError):
    """The instrument cannot take this answer; the message names the item, never the answer."""


class NotAdaptive(InstrumentsError):
    """The form is given whole and in fixed order; the adaptive engine may not run it."""


class WordingIncomplete(InstrumentsError):
    """A form that is given whole lacks wording for some of its items."""
