"""`survey registers` and `survey agreements`: registers as tenants, and what providers agree to give them.

Thin entries to `registers`. For operators, with the service's settings; the recipe is in ``docs/registers.md``.
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from survey_service.access.queries import all_providers
from survey_service.commands.console import operator_services, print_table
from survey_service.foundation.principals import Operator
from survey_service.foundation.services import Services
from survey_service.registers.agreeing import approve_on_paper, end_agreement, propose
from survey_service.registers.proposal import read_proposal
from survey_service.registers.queries import (
    AgreementRecord,
    RegisterRecord,
    all_registers,
    decisions_on,
    recorded_agreements,
)
from survey_service.registers.rules import OperatorRefused, Side
from survey_service.registers.tenants import (
    NewRegister,
    activate_register,
    change_register,
    enter_register,
    make_pseudonym_key,
    register_with_code,
    retire_register,
    suspend_register,
)

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_code = click.argument("code")
_note = click.option("--note", required=True, help="Why, in a few words: kept with the step.")
_json = click.option("--json", "as_json", is_flag=True, help="For a script.")


@click.group()
def registers() -> None:
    """Registers: entered, activated once an authority answers for them, suspended, retired."""


@registers.command()
@_code
@click.option("--name", required=True)
@click.option("--authority", required=True, help="The authority that answers for it (CPUA).")
@click.option("--legal-ground", default="PDL 7 kap. 4 §", show_default=True)
@click.option("--contact", required=True, help="An office or a function, with its address.")
@click.option("--client-id", help="As its client calls itself; its code, unless given.")
@click.option("--jwks", "file", type=_FILE, help="Its public keys, a JSON Web Key Set.")
def add(
    code: str, name: str, authority: str, legal_ground: str, contact: str, client_id: str | None, file: Path | None
) -> None:
    """Enter a register as a draft."""
    with operator_services() as services:
        new = NewRegister(
            code=code,
            name=name,
            cpua_authority=authority,
            legal_ground=legal_ground,
            contact=contact,
            client_id=client_id or code,
        )
        if file is None:
            enter_register(services, new)
        else:
            enter_register(services, new, jwks=_key_set(file))
    click.echo(f"{code} is entered as a draft.")


@registers.command("list")
@_json
def list_(as_json: bool) -> None:
    """Every register, and where it stands."""
    with operator_services() as services, services.db.transaction(as_=Operator()) as connection:
        found = all_registers(connection)
    rows = [
        {"code": one.code, "name": one.name, "authority": one.cpua_authority, "state": one.state, "keys": one.key_ids}
        for one in found
    ]
    print_table(rows, as_json=as_json)


@registers.command()
@_code
def show(code: str) -> None:
    """One register, with every step that was taken."""
    with operator_services() as services, services.db.transaction(as_=Operator()) as connection:
        one = register_with_code(connection, code)
        steps = decisions_on(connection, one.id)
    for name, value in _described(one):
        click.echo(f"{name:<14}{value}")
    for at, decision, note in steps:
        click.echo(f"{at:%Y-%m-%d %H:%M} UTC  {decision:<10} {note}")


@registers.command()
@_code
@_note
def activate(code: str, note: str) -> None:
    """Let it pull. Refused without an authority, a legal ground, a contact and keys."""
    with operator_services() as services:
        activate_register(services, _register_id(services, code), note=note)
    click.echo(f"{code} is active.")


@registers.command()
@_code
@_note
def suspend(code: str, note: str) -> None:
    """Refuse its tokens and release nothing to it, until it is active again."""
    with operator_services() as services:
        suspend_register(services, _register_id(services, code), note=note)
    click.echo(f"{code} is suspended.")


@registers.command()
@_code
@_note
def retire(code: str, note: str) -> None:
    """End it for good."""
    with operator_services() as services:
        retire_register(services, _register_id(services, code), note=note)
    click.echo(f"{code} is retired.")


@registers.command()
@_code
@_note
@click.option("--jwks", "file", type=_FILE, help="Its new public keys, in place of the old ones.")
@click.option("--contact", help="Its new contact.")
@click.option(
    "--pseudonym-key",
    type=click.Path(exists=False, path_type=Path),
    help="Make its key for pseudonyms, into this file.",
)
def keys(code: str, note: str, file: Path | None, contact: str | None, pseudonym_key: Path | None) -> None:
    """Change what a register signs with or how it is reached, or make the key that it shares for pseudonyms."""
    if not (file or contact or pseudonym_key):
        raise click.UsageError("Say what is to change: --jwks, --contact or --pseudonym-key.")
    with operator_services() as services:
        register_id = _register_id(services, code)
        if file is not None or contact is not None:
            jwks = None if file is None else _key_set(file)
            change_register(services, register_id, note=note, jwks=jwks, contact=contact)
        if pseudonym_key is not None:
            # The file first: a key that nobody has got would be the register's for ever.
            pseudonym_key.touch(mode=0o600, exist_ok=False)
            pseudonym_key.write_text(make_pseudonym_key(services, register_id, note=note) + "\n", encoding="ascii")
    click.echo(f"{code} is changed.")


@click.group()
def agreements() -> None:
    """Agreements: what a provider gives a register, once both have said yes."""


@agreements.command("propose")
@click.argument("file", type=_FILE)
def propose_(file: Path) -> None:
    """Enter the next version of an agreement from FILE.toml, and print its id."""
    with operator_services() as services:
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
            raise OperatorRefused(f"{file.name} is no TOML: {wrong}.") from None
        click.echo(str(propose(services, read_proposal(data, services.library))))


@agreements.command("list")
@click.option("--register", "code", help="Only with this register.")
@_json
def list_agreements(code: str | None, as_json: bool) -> None:
    """Every agreement, and where it stands now."""
    with operator_services() as services, services.db.transaction(as_=Operator()) as connection:
        register_id = register_with_code(connection, code).id if code else None
        found = recorded_agreements(connection, services.clock(), register_id=register_id)
        codes = {one.id: one.code for one in all_registers(connection)}
        providers = {one.id: one.hsa_id for one in all_providers(connection).values()}
    rows = [
        {
            "id": one.id,
            "register": codes[one.register_id],
            "provider": providers[one.provider_id],
            "version": one.version,
            "state": one.state,
            "approved by": [approval.side.value for approval in one.approvals],
            "from": one.valid_from.date(),
            "until": one.valid_until.date() if one.valid_until else None,
        }
        for one in found
    ]
    print_table(rows, as_json=as_json)


@agreements.command("show")
@click.argument("agreement_id", type=click.UUID)
def show_agreement(agreement_id: UUID) -> None:
    """One agreement: what is given, of whom, from when, and who has said yes."""
    with operator_services() as services, services.db.transaction(as_=Operator()) as connection:
        found = recorded_agreements(connection, services.clock(), agreement_id=agreement_id)
    if not found:
        raise click.ClickException("There is no such agreement.")
    for name, value in _terms(found[0]):
        click.echo(f"{name:<16}{value}")


@agreements.command("approve")
@click.argument("agreement_id", type=click.UUID)
@click.option("--side", "sides", multiple=True, type=click.Choice([*Side]), help="Only this one; both, unless given.")
@click.option("--document", required=True, help="The document that was signed, as the archive has it.")
@click.option("--by", required=True, help="Who enters it.")
def approve(agreement_id: UUID, sides: tuple[str, ...], document: str, by: str) -> None:
    """Enter what was signed on paper."""
    with operator_services() as services:
        approve_on_paper(services, agreement_id, sides=[Side(one) for one in sides or Side], by=by, document=document)
    click.echo("The approval is entered.")


@agreements.command("end")
@click.argument("agreement_id", type=click.UUID)
def end(agreement_id: UUID) -> None:
    """End an agreement now. What was released stays with the register."""
    with operator_services() as services:
        end_agreement(services, agreement_id, as_=Operator())
    click.echo("The agreement has ended.")


def _register_id(services: Services, code: str) -> UUID:
    with services.db.transaction(as_=Operator()) as connection:
        return register_with_code(connection, code).id


def _key_set(file: Path) -> Mapping[str, Any]:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise OperatorRefused(f"{file.name} is no JSON.") from None
    if not isinstance(read, dict):
        raise OperatorRefused("The key file is no JSON Web Key Set with at least one key.")
    return read


def _described(one: RegisterRecord) -> list[tuple[str, str]]:
    return [
        ("code", one.code),
        ("name", one.name),
        ("authority", one.cpua_authority),
        ("legal ground", one.legal_ground),
        ("contact", one.contact),
        ("client id", one.client_id),
        ("keys", ", ".join(one.key_ids) or "none"),
        ("state", one.state),
    ]


def _terms(one: AgreementRecord) -> list[tuple[str, str]]:
    approvals = [
        f"{each.side} on {each.at:%Y-%m-%d} by {each.by}" + (f" ({each.document})" if each.document else "")
        for each in one.approvals
    ]
    return [
        ("version", str(one.version)),
        ("state", one.state),
        ("variables", ", ".join(one.variables)),
        ("item answers", ", ".join(one.item_answers) or "none"),
        ("identifier", one.identifier + (f": {one.identifier_reason}" if one.identifier_reason else "")),
        ("answered from", one.look_back.isoformat()),
        ("review hold", f"{one.review_hold_hours} hours"),
        ("from", f"{one.valid_from:%Y-%m-%d %H:%M} UTC"),
        ("until", f"{one.valid_until:%Y-%m-%d %H:%M} UTC" if one.valid_until else "no end"),
        ("approved", "; ".join(approvals) or "by nobody"),
    ]
