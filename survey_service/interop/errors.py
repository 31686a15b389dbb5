"""What can go wrong between this service and other systems' formats.

::

    InteropError
    ├── FhirError      a file from elsewhere cannot be used
    └── NotExported    something of ours is not handed out like this
"""


class InteropError(Exception):
    """Something cannot be told in the other format."""


class FhirError(InteropError):
    """A file from elsewhere cannot be used; the message names the place in its JSON."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


class NotExported(InteropError):
    """Something of ours is not handed out like this; the message is one sentence that says why."""
