"""`survey translations`: where every language stands, files out and in, versions approved, and who translates.

Thin entries to `languages`, `access` and `translations.exchange`. For operators, with the service's settings; what a
translator does, is done in the name of one (`--as`), and the database holds it to that translator's rights.
"""

from collections.abc import Iterable
from pathlib import Path

import click
from sqlalchemy import Connection

from survey_service.access.queries import all_translators
from survey_service.access.use_cases import add_translator, end_translator
from survey_service.commands.console import operator_services, print_table
from survey_service.errors import BadInput
from survey_service.foundation.principals import Operator, Translator
from survey_service.foundation.services import Services
from survey_service.languages.approval import Completeness, approve_wording, completeness
from survey_service.languages.checks import text_problems
from survey_service.languages.desk_overview import desk_overview
from survey_service.languages.desk_queries import all_segments
from survey_service.languages.desk_values import OverviewRow
from survey_service.languages.exporting import bundle, seed_file
from survey_service.languages.rules import State
from survey_service.languages.seeding import Seeded, seed_shipped
from survey_service.languages.workflow import NewText, import_bundle
from translations.exchange.files import FileFormat, file_name, read_bundle, write_bundle
from translations.exchange.preview import TAKEN, Preview, compare
from translations.interface import SHIPPED

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_subject = click.argument("subject")
_language = click.option("--language", required=True, help="Such as fi.")
_as = click.option("--as", "hsa_id", required=True, metavar="HSA-ID", help="The translator who does it.")


@click.group()
def translations() -> None:
    """Translations: where they stand, out to files and back, and who works on them."""


@translations.command()
@click.option("--subject", help="Only of this one: interface, or instrument:ID:VERSION:RESPONDENT.")
@click.option("--language", help="Only in this one.")
@click.option("--json", "as_json", is_flag=True, help="For a script.")
def status(subject: str | None, language: str | None, as_json: bool) -> None:
    """Every subject in every language: how many texts in which state, and whether patients are offered it."""
    with operator_services() as services:
        rows = _overview(services, subject, language)
    print_table([_status_row(row) for row in rows], as_json=as_json)


@translations.command()
@click.option("--subject", help="Only of this one.")
@click.option("--language", help="Only in this one.")
def check(subject: str | None, language: str | None) -> None:
    """Name what is stale, missing or cannot be shown in what has been begun; exit code 1 where there is any."""
    with operator_services() as services:
        rows = _overview(services, subject, language)
        with services.db.transaction(as_=Operator()) as connection:
            problems = [problem for row in rows for problem in _problems(connection, services, row)]
    for problem in problems:
        click.echo(problem)
    if problems:
        raise click.exceptions.Exit(1)
    click.echo(f"OK: {len(rows)} translations.")


@translations.command()
@_subject
@_language
@_as
@click.option("--seen", metavar="HASH", help="What an earlier look ended with; without it, this is a look.")
@click.option("--without-stale", is_flag=True, help="Leave out texts whose source has changed.")
def approve(subject: str, language: str, hsa_id: str, seen: str | None, without_stale: bool) -> None:
    """Show what a version would be made of; with --seen, make it. New sessions are given it from then on."""
    with operator_services() as services:
        translator = _translator(services, hsa_id)
        if seen is None:
            with services.db.transaction(as_=translator) as connection:
                found = completeness(connection, services, subject=subject, locale=language)
            click.echo("\n".join(_described(found)))
            return
        made = approve_wording(
            services, subject=subject, locale=language, as_=translator, seen=seen, without_stale=without_stale
        )
    click.echo(f"{made.id}, without {len(made.left_out)} texts" if made.left_out else str(made.id))


@translations.command()
def seed() -> None:
    """Enter all that ships, for patients and for translators: once after each upgrade. Nothing is overwritten."""
    with operator_services() as services:
        shipped = seed_shipped(services)
    print_table([_seeded_row(one) for one in shipped.texts], as_json=False)
    click.echo(f"{shipped.new_wordings} wordings are new.")


@translations.command()
@_subject
@_language
@click.option(
    "--format",
    "form",
    type=click.Choice([*(each.value for each in FileFormat), "seed"]),
    default="xlf",
    show_default=True,
)
@click.option("--folder", type=_FOLDER, default=Path(), show_default=True, help="Where to write it.")
def export(subject: str, language: str, form: str, folder: Path) -> None:
    """Write a file for a translator's own tool; or ("seed") the approved texts as the file that ships them."""
    with operator_services() as services, services.db.transaction(as_=Operator()) as connection:
        if form == "seed":
            made = seed_file(connection, subject, language, folders=_seeding_folders(services, folder))
            path, content, texts = folder / made.path, made.content.encode(), made.texts
        else:
            out = bundle(connection, subject, language)
            path, content = folder / file_name(out, FileFormat(form)), write_bundle(out, FileFormat(form))
            texts = len(out.segments)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    click.echo(f"{path}: {texts} texts")


@translations.command("import")
@click.argument("file", type=_FILE)
@_as
@click.option("--accept", is_flag=True, help="Take in what is new and changed; without it, this is a look.")
def import_(file: Path, hsa_id: str, accept: bool) -> None:
    """Show what a file that came back would change; with --accept, take it in, all or nothing."""
    with operator_services() as services:
        translator = _translator(services, hsa_id)
        read = read_bundle(file.read_bytes(), file=file.name)
        with services.db.transaction(as_=translator) as connection:
            preview = compare(bundle(connection, read.subject, read.locale), read, file=file.name)
        if accept:
            new = import_bundle(
                services, subject=read.subject, locale=read.locale, texts=_texts(preview), as_=translator
            )
            click.echo(f"{new} translations are new.")
            return
    for change, count in preview.counts.items():
        if count:
            click.echo(f"{change:<12}{count:>6}{'  are taken in' if change in TAKEN else ''}")
    for line in preview.lines:
        for problem in line.problems:
            click.echo(f"{line.place}: {line.context}: {problem}")


@translations.group()
def people() -> None:
    """Who translates, reviews and approves."""


@people.command("list")
@click.option("--json", "as_json", is_flag=True, help="For a script.")
def list_(as_json: bool) -> None:
    """Everybody who translates or has translated."""
    with operator_services() as services:
        with services.db.transaction(as_=Operator()) as connection:
            found = all_translators(connection).values()
        now = services.clock()
    rows = [
        {
            "hsa-id": one.hsa_id,
            "name": one.name,
            "reviews": "yes" if one.may_review else "no",
            "approves": "yes" if one.may_approve else "no",
            "languages": "every" if one.locales is None else sorted(one.locales),
            "in force": "yes" if one.is_in_force(now) else "no",
        }
        for one in found
    ]
    print_table(rows, as_json=as_json)


@people.command()
@click.argument("hsa_id", metavar="HSA-ID")
@click.argument("name")
@click.option("--language", "languages", multiple=True, help="May be repeated; without it, every language.")
@click.option("--reviews", is_flag=True, help="May review and validate others' work.")
@click.option("--approves", is_flag=True, help="May approve others' work, and withdraw what is approved.")
def add(hsa_id: str, name: str, languages: tuple[str, ...], reviews: bool, approves: bool) -> None:
    """Enter somebody, who then signs in as staff under a commission for administration."""
    with operator_services() as services:
        add_translator(
            services, hsa_id=hsa_id, name=name, may_review=reviews, may_approve=approves, locales=languages or None
        )
    click.echo(f"{name} is entered.")


@people.command()
@click.argument("hsa_id", metavar="HSA-ID")
def end(hsa_id: str) -> None:
    """End somebody's time as a translator now. What they made stays, under their name."""
    with operator_services() as services:
        end_translator(services, _translator(services, hsa_id).translator_id)
    click.echo("It has ended.")


def _seeding_folders(services: Services, folder: Path) -> tuple[Path, ...]:
    """Where a file may lie that is being brought up to date: where it is to go, else where it came from."""
    own = services.settings.instruments
    return (folder, SHIPPED.parent, *((own / "wording",) if own else ()))


def _translator(services: Services, hsa_id: str) -> Translator:
    with services.db.transaction(as_=Operator()) as connection:
        found = next((one for one in all_translators(connection).values() if one.hsa_id == hsa_id), None)
    if found is None:
        raise BadInput("There is no translator with this HSA id.")
    return Translator(found.id)


def _overview(services: Services, subject: str | None, language: str | None) -> list[OverviewRow]:
    with services.db.transaction(as_=Operator()) as connection:
        rows = desk_overview(connection, services)
    return [row for row in rows if subject in (None, row.subject) and language in (None, row.locale)]


def _status_row(row: OverviewRow) -> dict[str, object]:
    return {
        "subject": row.subject,
        "language": row.locale,
        "texts": row.total,
        **{state.value.replace("_", " "): row.by_state.get(state, 0) for state in State},
        "untranslated": row.untranslated,
        "stale": row.stale,
        "offered": "yes" if row.offered else "no",
    }


def _seeded_row(one: Seeded) -> dict[str, object]:
    return {
        "subject": one.subject,
        "language": one.locale,
        "new": one.new,
        "the database keeps another": len(one.differs),
        "of another source": len(one.outdated),
    }


def _problems(connection: Connection, services: Services, row: OverviewRow) -> Iterable[str]:
    where = f"{row.subject} {row.locale}"
    for text in all_segments(connection, row.subject, row.locale):
        made = text.translation
        if made is None or made.state is not State.APPROVED:
            if text.needed:
                yield f"{where}: {text.context}: {'is not translated' if made is None else f'is {made.state}'}"
        elif made.stale:
            yield f"{where}: {text.context}: is stale: its source has changed"
        if made is not None and not made.stale:
            found = text_problems(row.kind, text.context, text.source, made.forms, locale=row.locale)
            yield from (f"{where}: {text.context}: {problem}" for problem in found)


def _described(found: Completeness) -> Iterable[str]:
    yield f"{found.subject} in {found.locale}: {found.approved} of {found.total} texts approved"
    if found.precision is not None:
        yield str(found.precision)
    for context in found.missing:
        yield f"missing: {context}"
    for context in found.stale:
        yield f"stale: {context}"
    if not found.is_enough:
        yield "It is not enough to be approved."
    elif not found.is_new:
        yield "It is what is in force already."
    yield f"hash: {found.content_hash or '-'}"


def _texts(preview: Preview) -> list[NewText]:
    return [
        NewText(context=one.context, forms=one.target, replaces=one.translation_id, draft=one.state is State.DRAFT)
        for one in preview.taken().segments
    ]
