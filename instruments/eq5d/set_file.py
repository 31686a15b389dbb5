"""The files of value sets: TOML in, `ValueSet` or `WithheldSet` out.

One file for each published set, ``<id>.toml``. Numbers are read as exact decimals. ``[levels]`` holds one list for
each dimension, what every level adds (levels 1 to 3 or 5); ``[terms]`` what is added beside them, under the names of
`terms`; ``[published]`` states whose value the authors print instead of the model's. A set that is ``withheld`` has the
reason and no coefficients, so that nobody can score with it.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from instruments.eq5d.errors import NotAProfile
from instruments.eq5d.profile import CODES, Profile, Version
from instruments.eq5d.terms import count_of
from instruments.eq5d.value_set import Basis, Kind, Model, Origin, ValueSet, WithheldSet
from instruments.reading import Table

FIRST_YEAR, LAST_YEAR = 1987, 2100
KINDS = {
    Version.THREE_LEVEL: (Kind.TTO, Kind.VAS),
    Version.FIVE_LEVEL: (Kind.EQ_VT, Kind.VAS),
    Version.YOUTH_THREE_LEVEL: (Kind.YOUTH,),
}
_FACTORS = ("N2", "N3", "N4", "N5")


def read_set(path: Path) -> ValueSet | WithheldSet:
    """One value set file.

    Raises
    ------
    DefinitionError
        Naming the file and the field.
    """
    table = Table.read(path, file=path.name)
    origin = _origin(table)
    if f"{origin.id}.toml" != path.name:
        raise table.error("id", f"the file must be {origin.id}.toml")
    if table.has("withheld"):
        withheld = WithheldSet(origin, table.text("withheld"))
        table.finish()
        return withheld
    value_set = _value_set(table, origin)
    table.finish()
    return value_set


def _origin(table: Table) -> Origin:
    optional = ("doi", "isbn", "url", "pubmed", "note", "crosswalk_name")
    origin = Origin(
        id=table.text("id"),
        name=table.text("name"),
        version=table.choice("version", Version),
        kind=table.choice("type", Kind),
        country=table.text("country"),
        year=table.whole("year", minimum=FIRST_YEAR, maximum=LAST_YEAR),
        basis=table.choice("basis", Basis),
        method=table.text("method"),
        citation=table.text("citation"),
        **{name: table.text(name) for name in optional if table.has(name)},
    )
    if origin.kind not in KINDS[origin.version]:
        raise table.error("type", f"EQ-5D-{origin.version} has no sets of type {origin.kind}")
    return origin


def _value_set(table: Table, origin: Origin) -> ValueSet:
    model = table.choice("model", Model)
    return ValueSet(
        origin=origin,
        model=model,
        full_health=table.decimal("full_health"),
        power=table.decimal("power") if model is Model.POWER else None,
        levels=_levels(table.table("levels"), origin.version),
        extra=_extra(table.table("terms"), model) if table.has("terms") else MappingProxyType({}),
        published=_published(table.table("published"), origin.version)
        if table.has("published")
        else MappingProxyType({}),
    )


def _levels(table: Table, version: Version) -> tuple[tuple[Decimal, ...], ...]:
    rows = []
    for code in CODES:
        values = table.decimals(code)
        if len(values) != version.levels:
            raise table.error(code, f"needs {version.levels} numbers, one for each level")
        rows.append(values)
    table.finish()
    return tuple(rows)


def _extra(table: Table, model: Model) -> Mapping[str, Decimal]:
    extra = {}
    for name in table.names():
        if count_of(name) is None:
            raise table.error(name, "is not a term that is known")
        if model is Model.MULTIPLICATIVE and name not in _FACTORS:
            raise table.error(name, f"a factor applies or does not: one of {', '.join(_FACTORS)}")
        extra[name] = table.decimal(name)
    return MappingProxyType(extra)


def _published(table: Table, version: Version) -> Mapping[str, Decimal]:
    published = {}
    for state in table.names():
        try:
            is_state = Profile.parse(state, version).complete is not None
        except NotAProfile:
            is_state = False
        if not is_state:
            raise table.error(state, f"is not a complete EQ-5D-{version} state")
        published[state] = table.decimal(state)
    return MappingProxyType(published)
