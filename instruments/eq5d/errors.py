"""What can go wrong with EQ-5D. Messages name sets and rules; only `NotAProfile` repeats what was given.

::

    InstrumentsError
    └── Eq5dError
        ├── NotAProfile    five levels were expected, and this is something else
        ├── NoSuchSet      there is no such value set
        └── SetWithheld    the set is known, but not safe to score with
"""

from instruments.errors import InstrumentsError


class Eq5dError(InstrumentsError):
    """Something is wrong with an EQ-5D profile or its valuation."""


class NotAProfile(Eq5dError, ValueError):
    """Five levels were expected, and this is something else."""


class NoSuchSet(Eq5dError, LookupError):
    """There is no such value set."""


class SetWithheld(Eq5dError):
    """The set is known, but its sources conflict: it refuses to score."""
