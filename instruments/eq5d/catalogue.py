"""Every value set that is known, and how one is found: by id, or by version, type and name.

For finding, and for refusing what is withheld. Which set an instrument uses, its definition says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from instruments.eq5d.crosswalk import Crosswalk, ReverseCrosswalk
from instruments.eq5d.errors import NoSuchSet, SetWithheld
from instruments.eq5d.profile import Version
from instruments.eq5d.set_file import KINDS, read_set
from instruments.eq5d.valuation import Valuation
from instruments.eq5d.value_set import Kind, Origin, ValueSet, WithheldSet

FOLDER = Path(__file__).parent / "data" / "value_sets"

# What Swedish forms are valued with: TLV prefers experience-based values. The youth version has no Swedish set, and no
# other country's stands in for it.
SWEDISH_SETS = {Version.THREE_LEVEL: "SE-2014-TTO", Version.FIVE_LEVEL: "SE-2020-TTO"}

AnySet = ValueSet | WithheldSet


_VERSION_OF_CROSSWALK = {Kind.CROSSWALK: Version.FIVE_LEVEL, Kind.REVERSE_CROSSWALK: Version.THREE_LEVEL}
_BASE_VERSION = {Kind.CROSSWALK: Version.THREE_LEVEL, Kind.REVERSE_CROSSWALK: Version.FIVE_LEVEL}

# Version, kind and name in lower case.
_Key = tuple[Version, Kind, str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All sets by id, and the names under which they are found."""

    sets: Mapping[str, AnySet]
    _named: Mapping[_Key, AnySet] = field(init=False)
    _several: Mapping[_Key, tuple[str, ...]] = field(init=False)
    """The names of those that differ in what follows the last underscore."""

    def __post_init__(self) -> None:
        named: dict[_Key, AnySet] = {}
        several: dict[_Key, tuple[str, ...]] = {}
        for one in self.sets.values():
            origin = one.origin
            family, _, rest = origin.name.casefold().rpartition("_")
            for kind in _kinds_of(origin):
                version = _VERSION_OF_CROSSWALK.get(kind, origin.version)
                is_across = kind is not origin.kind
                for name in (origin.name, origin.id, origin.crosswalk_name if is_across else ""):
                    key = (version, kind, name.casefold())
                    # A country's crosswalk goes to its TTO set, where it has one.
                    if name and not (key in named and origin.kind is Kind.VAS):
                        named[key] = one
                if family and rest:
                    several[version, kind, family] = (*several.get((version, kind, family), ()), origin.name)
        object.__setattr__(self, "_named", named)
        object.__setattr__(self, "_several", several)

    @classmethod
    def read(cls, folder: Path = FOLDER) -> "Catalogue":
        """All files of a folder.

        Raises
        ------
        DefinitionError
            If one of them cannot be used.
        """
        return cls({path.stem: read_set(path) for path in sorted(folder.glob("*.toml"))})

    @property
    def offered(self) -> tuple[ValueSet, ...]:
        return tuple(one for one in self.sets.values() if isinstance(one, ValueSet))

    @property
    def withheld(self) -> tuple[WithheldSet, ...]:
        return tuple(one for one in self.sets.values() if isinstance(one, WithheldSet))

    def by_id(self, set_id: str) -> Valuation:
        """The set of that id; with ``/CW`` or ``/RCW`` after it, the crosswalk to it.

        Raises
        ------
        NoSuchSet, SetWithheld
        """
        base_id, _, way = set_id.partition("/")
        found = self.sets.get(base_id)
        if found is None or way not in ("", Kind.CROSSWALK, Kind.REVERSE_CROSSWALK):
            raise NoSuchSet(f"there is no value set {set_id!r}")
        if not way:
            return _usable(found)
        kind = Kind(way)
        if found.origin.version is not _BASE_VERSION[kind]:
            raise NoSuchSet(f"{base_id} is a {found.origin.version} set: no {kind} goes to it")
        return _across(kind, _usable(found))

    def find(self, version: Version, kind: Kind, name: str) -> Valuation:
        """The set that a data file names: type TTO, VAS, VT or IVP, or a crosswalk (CW, RCW) to a set.

        ``name`` is a set's name or id, in any case. Under CW a name means the TTO set of that name, or the VAS set
        where there is only that.

        Raises
        ------
        NoSuchSet, SetWithheld
        """
        found = self._named.get((version, kind, name.casefold()))
        if found is None:
            raise self._unknown(version, kind, name)
        return _usable(found) if kind is found.origin.kind else _across(kind, _usable(found))

    def _unknown(self, version: Version, kind: Kind, name: str) -> NoSuchSet:
        kinds = [*KINDS[version], *(kind for kind, of in _VERSION_OF_CROSSWALK.items() if of is version)]
        if kind not in kinds:
            return NoSuchSet(f"EQ-5D-{version} has no sets of type {kind}, only {', '.join(kinds)}")
        several = self._several.get((version, kind, name.casefold()), ())
        hint = f"; there are {', '.join(several)}" if several else ""
        return NoSuchSet(f"there is no EQ-5D-{version} {kind} set {name[:40]!r}{hint}")


@cache
def catalogue() -> Catalogue:
    """The sets that come with the package, read once."""
    return Catalogue.read()


def value_set_by_id(set_id: str) -> Valuation:
    """The packaged set or crosswalk of that id, such as ``SE-2020-TTO`` or ``UK-1997-TTO/CW``.

    Raises
    ------
    NoSuchSet, SetWithheld
    """
    return catalogue().by_id(set_id)


def _kinds_of(origin: Origin) -> tuple[Kind, ...]:
    """The types under which a set is found: its own, and the crosswalk that goes to it."""
    across = [kind for kind, base in _BASE_VERSION.items() if base is origin.version]
    return origin.kind, *across


def _usable(found: AnySet) -> ValueSet:
    if isinstance(found, WithheldSet):
        raise SetWithheld(f"{found.origin.id} is withheld: {found.reason}")
    return found


def _across(kind: Kind, base: ValueSet) -> Valuation:
    return Crosswalk(base) if kind is Kind.CROSSWALK else ReverseCrosswalk(base)
