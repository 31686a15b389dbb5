"""An operator's own folder of instruments (``SURVEY_INSTRUMENTS``), with the tiny questionnaires in it."""

from pathlib import Path
from shutil import copytree

QUESTIONNAIRES = Path(__file__).resolve().parent / "questionnaires"


def own_instruments(folder: Path) -> Path:
    """Fill the folder with every tiny questionnaire and its wording; returns it."""
    copytree(QUESTIONNAIRES, folder, dirs_exist_ok=True)
    return folder


def add_number_that_may_not_apply(folder: Path) -> str:
    """The number with a box beside it that says so; returns the instrument's id."""
    says = '#. says that it does not apply\nmsgctxt "not_applicable"\nmsgid "No sunflower"\nmsgstr "No sunflower"\n\n'
    instead = {'kind = "number"': 'kind = "number"\nmay_not_apply = true', "#. name of the form\n": f"{says}#. title\n"}
    add_copy(folder, of="tiny-number", as_="sunflower-or-none", instead=instead)
    return "sunflower-or-none"


def add_copy(folder: Path, *, of: str, as_: str, instead: dict[str, str] | None = None) -> None:
    """A new instrument made of another's files, its variables renamed too, with some texts ``instead`` of others."""
    changes = {of: as_, of.replace("-", "_"): as_.replace("-", "_")} | (instead or {})
    for kind in ("data", "wording"):
        for path in copytree(folder / kind / of, folder / kind / as_).rglob("*.*o*"):
            if path.is_file():
                text = path.read_text(encoding="utf-8")
                for old, new in changes.items():
                    text = text.replace(old, new)
                path.write_text(text, encoding="utf-8")
