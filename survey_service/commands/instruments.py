"""`survey instruments`: what there is, what one is made of, whether a folder of them is sound.

Thin entries to `instruments` and `translations`. `list`, `show` and `check` need neither settings nor a database; what
does (`licence`, `labels`, `wording`) is in `rights`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from instruments import DefinitionError, Instrument, Library, Variable
from instruments.definition_file import read_definition
from instruments.library import SHIPPED as SHIPPED_INSTRUMENTS
from survey_service.commands.console import FOLDER, load_instrument, load_instruments, own_folder, print_table, refusals
from survey_service.commands.rights import labels, licence, wording
from survey_service.commands.scoring import describe_scoring
from translations.catalogue import InstrumentWording, read_wording
from translations.completeness import missing_contexts
from translations.po import WordingError


@click.group()
def instruments() -> None:
    """Instruments: what there is, their licences, their wording."""


instruments.add_command(licence)
instruments.add_command(labels)
instruments.add_command(wording)


@instruments.command("list")
@click.option("--json", "as_json", is_flag=True, help="For a script.")
@own_folder
def list_(as_json: bool, folder: Path | None) -> None:
    """Every instrument version at hand."""
    with refusals():
        library, wordings = load_instruments(folder)
    rows = [
        {
            "id": one.id,
            "version": one.version,
            "family": one.definition.family,
            "given": "adaptive" if one.adaptive else "whole",
            "questions": "-".join(map(str, sorted(set(one.estimated_questions)))),
            "minutes": one.estimated_minutes,
            "validated": "yes" if one.definition.validation == "validated" else "no",
            "wording": one.licence.wording,
            "shipped": [
                f"{each.locale} ({each.kind})"
                for each in wordings
                if (each.instrument, each.version) == (one.id, one.version)
            ],
        }
        for one in library.instruments.values()
    ]
    print_table(rows, as_json=as_json)


@instruments.command()
@click.argument("instrument_id", metavar="ID")
@click.option("--version", help="The newest, unless given.")
@click.option("--json", "as_json", is_flag=True, help="For a script.")
@own_folder
def show(instrument_id: str, version: str | None, as_json: bool, folder: Path | None) -> None:
    """Everything about one instrument but its words."""
    with refusals():
        one, wordings = load_instrument(folder, instrument_id, version)
    described = _describe(one, wordings)
    if as_json:
        click.echo(json.dumps(described, indent=2, ensure_ascii=False, default=str))
        return
    for name, value in described.items():
        for place, line in enumerate(value if isinstance(value, list) else [value]):
            click.echo(f"{'' if place else name:<12}{line}")


@instruments.command()
@click.argument("folder", type=FOLDER)
def check(folder: Path) -> None:
    """Check the definitions (FOLDER/ID/VERSION/definition.toml) and PO files (FOLDER/ID/LANGUAGE.po) in FOLDER.

    Or, laid out as the service's own folder, FOLDER/data/ID/VERSION and FOLDER/wording/ID.
    """
    data, words = (folder / "data", folder / "wording") if (folder / "data").is_dir() else (folder, folder)
    problems = list(_unsound_definitions(data))
    if not problems:
        try:
            library = Library.load(data) if data.samefile(SHIPPED_INSTRUMENTS) else _beside_shipped(data)
        except DefinitionError as error:
            problems.append(str(error))
        else:
            problems += _unsound_wordings(words, library)
            versions = len(list(data.glob("*/*/definition.toml")))
    for problem in problems:
        click.echo(problem)
    if problems:
        raise click.exceptions.Exit(1)
    click.echo(f"OK: {versions} instrument versions, {len(list(words.glob('*/*.po')))} wordings.")


def _describe(one: Instrument, wordings: Iterable[InstrumentWording]) -> dict[str, Any]:
    kinds = Counter(item.kind.value for item in one.items.values())
    return {
        "id": f"{one.id} {one.version}",
        "family": f"{one.definition.family}, {one.definition.validation.replace('_', ' ')}",
        "given": "adaptively" if one.adaptive else "whole, in order",
        "questions": "-".join(map(str, sorted(set(one.estimated_questions)))) + f", {one.estimated_minutes} min",
        "recall": one.recall or "-",
        "items": [f"{count} {kind}" for kind, count in kinds.items()],
        "short forms": [f"{form.id}: {len(form.items)} items ({form.source})" for form in one.short_forms] or ["-"],
        "respondents": [f"{each.who}, {_ages(each.youngest, each.oldest)}" for each in one.respondents],
        "scoring": describe_scoring(one),
        "variables": [line for variable in one.variables for line in _describe_variable(variable)],
        "licence": [
            one.licence.rights_holder,
            one.licence.terms,
            f"wording: {one.licence.wording}" + (", a licence is needed" if one.licence.required else ", free to use"),
        ],
        "references": [f"{each.citation}{f' doi:{each.doi}' if each.doi else ''}" for each in one.references] or ["-"],
        "shipped": [f"{each.locale}, {each.kind}, {each.respondent}, {each.content_hash}" for each in wordings]
        or ["-"],
        "hash": one.content_hash,
    }


def _describe_variable(variable: Variable) -> Iterator[str]:
    span = f", {variable.minimum:g} to {variable.maximum:g}" if None not in (variable.minimum, variable.maximum) else ""
    better = f", higher is {variable.higher_is}" if variable.higher_is else ""
    unit = f", {variable.unit}" if variable.unit else ""
    yield f"{variable.name}: {variable.definition} ({variable.type}{unit}{span}{better})"
    if variable.bands is not None:
        bands = ", ".join(
            f"{band.name} {'' if band.low is None else f'from {band.low:g}'}".rstrip() for band in variable.bands.bands
        )
        yield f"  bands: {bands} ({variable.bands.source})"
    if variable.important_change is not None:
        change = variable.important_change
        yield f"  important change: {change.value:g}, {change.low:g} to {change.high:g} ({change.source})"
    if variable.reference is not None:
        group = variable.reference
        yield f"  compared with: {group.name}, mean {group.mean:g}, standard deviation {group.standard_deviation:g}"


def _ages(youngest: int | None, oldest: int | None) -> str:
    if youngest is None and oldest is None:
        return "any age"
    return f"{'up' if youngest is None else youngest} {'years and older' if oldest is None else f'to {oldest} years'}"


def _unsound_definitions(data: Path) -> Iterator[str]:
    found = [path for path in sorted(data.glob("*/*")) if path.is_dir() and not path.name.startswith((".", "_"))]
    if not found:
        yield f"{data.name}: holds no instrument (ID/VERSION/definition.toml)"
    for path in found:
        try:
            read_definition(path)
        except DefinitionError as error:
            yield str(error)


def _unsound_wordings(words: Path, library: Library) -> Iterator[str]:
    for path in sorted(words.glob("*/*.po")):
        try:
            read = read_wording(path, library)
        except WordingError as error:
            yield str(error)
            continue
        missing = missing_contexts(library.get(read.instrument, read.version), read)
        if missing:
            click.echo(f"{path.parent.name}/{path.name}: note: {len(missing)} parts have no text: {', '.join(missing)}")


def _beside_shipped(data: Path) -> Library:
    """With those that ship, whose banks an instrument may use."""
    return Library.load(SHIPPED_INSTRUMENTS, data)
