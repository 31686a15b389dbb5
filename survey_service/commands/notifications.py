"""``survey notifications``: what a message looks like, what is due, what was given up; bounces and returned letters.

For the operator, who sees ids and counts, and nobody's name, address or matter.
"""

import sys
from datetime import timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

import click
import sqlalchemy as sa

from notifications.channels import DeliveryFailure, Gateway
from notifications.channels.letter.page import set_letter
from notifications.ladder import Kind
from notifications.message import Email, Format, Letter, Message, Note, PostalAddress, Sms
from survey_service.access.queries import all_providers
from survey_service.commands.console import operator_services, print_table
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Operator
from survey_service.foundation.services import Services
from survey_service.languages.interface_texts import InterfaceTexts
from survey_service.notifying.bounces import Fate, read_bounce
from survey_service.notifying.receipts import Heard, receive
from survey_service.notifying.rendering import render
from survey_service.notifying.returned_mail import LONGEST, read_returned
from survey_service.notifying.reviving import revive

_MOST = 10_000
# Nobody: what is printed for a look at it goes nowhere.
_NOWHERE = PostalAddress("Förnamn Efternamn", "Gatan 1", "123 45", "Orten")
_FORMATS = click.Choice([one.value for one in Format])


@click.group()
def notifications() -> None:
    """Messages to patients: how they look, what is due, what did not arrive."""


@notifications.command()
@click.argument("format", type=_FORMATS)
@click.option("--locale", default="sv", show_default=True)
@click.option("--sender", default="Region Exempel", show_default=True, help="The provider's neutral name.")
@click.option("--kind", type=click.Choice([one.value for one in Kind]), default="invitation", show_default=True)
@click.option("--code/--no-code", default=False, help="As a letter that carries a code.")
@click.option("--output", type=click.File("wb"), help="HTML of an e-mail, PDF of a letter; else text is printed.")
def preview(format: str, locale: str, sender: str, kind: str, code: bool, output: IO[bytes] | None) -> None:
    """Show a message in FORMAT as it leaves. It is to nobody, and is sent nowhere."""
    with operator_services() as services:
        to = _NOWHERE if format == Format.LETTER else "namn@example.se"
        message = _sample(services, Format(format), to, locale=locale, sender=sender, kind=Kind(kind), code=code)
    if output is None:
        click.echo(_as_text(message))
    elif isinstance(message, Letter):
        output.write(set_letter(message, "Returadress").pdf)
    elif isinstance(message, Email):
        output.write(message.html.encode())
    else:
        raise click.ClickException("Only an e-mail and a letter can be written to a file.")


@notifications.command()
@click.option("--json", "as_json", is_flag=True, help="For a script.")
def due(as_json: bool) -> None:
    """Count by provider what is due now, and when the rest will be."""
    with operator_services() as services, services.db.transaction(as_=Operator()) as connection:
        rows = connection.execute(sa.text("SELECT * FROM due_figures(:now)"), {"now": services.clock()}).all()
        names = all_providers(connection)
    table = [
        {
            "provider": names[row.provider_id].name,
            "now": row.now,
            "within an hour": row.hour,
            "within a day": row.day,
            "later": row.later,
            "oldest": row.oldest and row.oldest.isoformat(timespec="minutes"),
        }
        for row in sorted(rows, key=lambda row: names[row.provider_id].name)
    ]
    print_table(table, as_json=as_json)


@notifications.command("send-test")
@click.argument("gateway_name", metavar="GATEWAY")
@click.option("--to", help="Your own address or mobile number, or identity number of another inbox.")
@click.option("--locale", default="sv", show_default=True)
def send_test(gateway_name: str, to: str | None, locale: str) -> None:
    """Send one message by GATEWAY to an address of your own: whether its settings are right."""
    with operator_services() as services:
        gateway = _gateway(services, gateway_name)
        format_ = gateway.channel.format
        if format_ is not Format.LETTER and not to:
            raise click.ClickException("Say where to send it: --to.")
        address = _NOWHERE if format_ is Format.LETTER else str(to)
        message = _sample(services, format_, address, locale=locale, sender="Test", kind=Kind.INVITATION)
        try:
            given = gateway.channel.send(message)
        except DeliveryFailure as failure:
            raise click.ClickException(f"{gateway.name} did not take it: {type(failure).__name__} {failure}") from None
        finally:
            gateway.channel.close()
    click.echo(f"{gateway.name} has taken it" + (f" as {given}." if given else "."))


@notifications.command()
@click.option("--json", "as_json", is_flag=True, help="For a script.")
def dead(as_json: bool) -> None:
    """List what was given up while there is still something to answer."""
    with operator_services() as services:
        found = _dead(services)
        now = services.clock()
    table = [
        {
            "id": str(row.dispatch_id),
            "channel": row.channel,
            "gateway": row.gateway,
            "failure": row.failure,
            "since": _age(now - row.given_up_at),
        }
        for row in found
    ]
    print_table(table, as_json=as_json)


@notifications.command()
@click.argument("dispatch_ids", metavar="[ID]...", nargs=-1, type=click.UUID)
@click.option("--gateway", "gateway_name", help="Everything that this gateway did not take.")
def retry(dispatch_ids: tuple[UUID, ...], gateway_name: str | None) -> None:
    """Send again what was given up: by ID, or all of a gateway. Those that are under way already stay as they are."""
    with operator_services() as services:
        if bool(dispatch_ids) == bool(gateway_name):
            raise click.ClickException("Name ids, or a gateway with --gateway.")
        chosen = list(dispatch_ids)
        if gateway_name:
            chosen = [row.dispatch_id for row in _dead(services) if row.gateway == gateway_name]
        count = revive(services, chosen)
    click.echo(f"{count} of {len(chosen)} will be sent again.")


@notifications.command()
@click.argument("maildir", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def bounce(maildir: Path | None) -> None:
    """Note e-mail that came back: one report on standard input, or every one in a MAILDIR, which are then marked read.

    Exit code 1 where what is read on standard input was no bounce of ours.
    """
    with operator_services() as services:
        if maildir is None:
            said, is_noted = _note_bounce(services, sys.stdin.buffer.read(LONGEST))
            click.echo(said)
            if not is_noted:
                raise SystemExit(1)
            return
        for file in sorted(path for path in (maildir / "new").glob("*") if path.is_file()):
            said, _ = _note_bounce(services, file.read_bytes()[:LONGEST])
            click.echo(f"{file.name}: {said}")
            (maildir / "cur").mkdir(exist_ok=True)
            file.rename(maildir / "cur" / f"{file.name}:2,S")


@notifications.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def returned(file: Path) -> None:
    """Note letters that came back: FILE has one key a line, or a CSV with a column named key. It can be read again."""
    noted = wrong = 0
    with operator_services() as services:
        try:
            rows = list(read_returned(file.read_bytes()[:LONGEST].decode("utf-8-sig")))
        except UnicodeDecodeError:
            raise click.ClickException("The file is not text in UTF-8.") from None
        for row in rows:
            if row.key is None:
                click.echo(f"Row {row.number}: there is no key of a letter.")
                wrong += 1
            elif not receive(services, Heard.RETURNED, key=str(row.key), as_=Operator()):
                click.echo(f"Row {row.number}: no letter of ours has this key.")
                wrong += 1
            else:
                noted += 1
    click.echo(f"{noted} letters noted, {wrong} rows wrong.")
    if wrong:
        raise SystemExit(1)


def _note_bounce(services: Services, raw: bytes) -> tuple[str, bool]:
    """What it was, in a sentence without anything of the message; and whether a bounce was noted."""
    read = read_bounce(raw)
    match read.fate:
        case Fate.DELAYED:
            return "only late: it is tried further.", False
        case Fate.UNKNOWN:
            return "no bounce of a message of ours.", False
        case Fate.BOUNCED:
            if receive(services, Heard.BOUNCED, key=read.key, code=read.code, as_=Operator()):
                return f"{read.key} did not arrive ({read.code}).", True
            return "there is no such message.", False


def _dead(services: Services) -> list[sa.Row[tuple[object, ...]]]:
    query = sa.text("SELECT * FROM dead_dispatches(:now, :most)")
    with services.db.transaction(as_=Operator()) as connection:
        return list(connection.execute(query, {"now": services.clock(), "most": _MOST}).all())


def _gateway(services: Services, name: str) -> Gateway:
    found = next((one for one in services.gateways if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in services.gateways)
        raise click.ClickException(f"There is no gateway of that name. There are: {names}")
    return found


def _sample(
    services: Services,
    format: Format,
    to: str | PostalAddress,
    *,
    locale: str,
    sender: str,
    kind: Kind,
    code: bool = False,
) -> Message:
    texts = InterfaceTexts(services)()
    if locale not in texts:
        raise click.ClickException(f"There are no texts in that language. There are: {', '.join(sorted(texts))}")
    return render(
        format,
        kind=kind,
        key=str(new_id()),
        to=to,
        sender_name=sender,
        base_url=services.settings.base_url,
        locale=locale,
        texts=texts[locale],
        day=local_day(services.clock()),
        code="0000-0000-0000" if code else "",
    )


def _as_text(message: Message) -> str:
    match message:
        case Email():
            return f"{message.sender_name}\n{message.subject}\n\n{message.text}"
        case Sms():
            return f"{message.sender_id}\n{message.text}"
        case Note():
            return f"{message.sender_name}\n{message.subject}\n\n{message.text}\n{message.link}"
        case Letter():
            code = f"{message.code_label} {message.code}" if message.code else ""
            parts = (message.sender_name, message.heading, *message.paragraphs, message.link, code)
            return "\n\n".join(part for part in parts if part)


def _age(passed: timedelta) -> str:
    hours = int(passed.total_seconds()) // 3600
    return f"{hours // 24} d" if hours >= 48 else f"{hours} h"
