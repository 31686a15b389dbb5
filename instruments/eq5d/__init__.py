"""EQ-5D: profiles and what they are worth. The form is given whole; nothing missing is imputed."""

from instruments.eq5d.profile import DIMENSIONS, MISSING_LEVEL, Profile
from instruments.eq5d.scoring import Eq5d5l
from instruments.eq5d.value_set import Term, ValueSet, read_value_set

__all__ = ["DIMENSIONS", "MISSING_LEVEL", "Eq5d5l", "Profile", "Term", "ValueSet", "read_value_set"]
