"""EQ-5D: profiles, what they are worth by any published value set, and what they tell of a group.

The form is given whole and in fixed order; nothing missing is imputed. ``docs/eq5d.md`` tells what is offered.
"""

from instruments.eq5d.catalogue import SWEDISH_SETS, Catalogue, catalogue, value_set_by_id
from instruments.eq5d.change import (
    Change,
    ChangeTable,
    Superiority,
    change_table,
    paretian_change,
    probability_of_superiority,
)
from instruments.eq5d.crosswalk import Crosswalk, ReverseCrosswalk
from instruments.eq5d.distribution import (
    Diversity,
    health_state_density_curve,
    health_state_density_index,
    shannon,
    shannon_by_dimension,
)
from instruments.eq5d.errors import Eq5dError, NoSuchSet, NotAProfile, SetWithheld
from instruments.eq5d.profile import (
    CODES,
    DIMENSIONS,
    MISSING_LEVEL,
    MISSING_VAS,
    Profile,
    Version,
    parse_vas,
    vas_code,
)
from instruments.eq5d.scoring import ITEM_IDS, Eq5d
from instruments.eq5d.valuation import Term, Valuation
from instruments.eq5d.value_set import Basis, Kind, Model, Origin, ValueSet, WithheldSet

__all__ = [
    "CODES",
    "DIMENSIONS",
    "ITEM_IDS",
    "MISSING_LEVEL",
    "MISSING_VAS",
    "SWEDISH_SETS",
    "Basis",
    "Catalogue",
    "Change",
    "ChangeTable",
    "Crosswalk",
    "Diversity",
    "Eq5d",
    "Eq5dError",
    "Kind",
    "Model",
    "NoSuchSet",
    "NotAProfile",
    "Origin",
    "Profile",
    "ReverseCrosswalk",
    "SetWithheld",
    "Superiority",
    "Term",
    "Valuation",
    "ValueSet",
    "Version",
    "WithheldSet",
    "catalogue",
    "change_table",
    "health_state_density_curve",
    "health_state_density_index",
    "paretian_change",
    "parse_vas",
    "probability_of_superiority",
    "shannon",
    "shannon_by_dimension",
    "value_set_by_id",
    "vas_code",
]
