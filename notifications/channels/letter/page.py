"""A letter as a PDF: tagged (PDF/UA-1), set by typst with the fonts that lie beside it.

What is said goes in as data, never as typst source, so that no name can be a command.
"""

import io
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import segno
import typst

from notifications.channels import PermanentFailure
from notifications.message import Letter

_FOLDER = Path(__file__).parent
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "fa", "he", "ps", "ur", "yi"})
_GROUP = 4


@dataclass(frozen=True, slots=True)
class Page:
    """A letter, ready to be printed."""

    pdf: bytes
    pages: int


def set_letter(letter: Letter, return_address: str) -> Page:
    """The letter, the same for the same values. Raises ``PermanentFailure`` where it holds a sign that no font has."""
    data = json.dumps(_values(letter, return_address))
    made_at = int(datetime(letter.day.year, letter.day.month, letter.day.day, tzinfo=UTC).timestamp())
    fonts = [_FOLDER / "fonts"]
    try:
        # No font of the machine, so that a letter looks the same wherever it is set.
        compiler = typst.Compiler(
            _FOLDER / "letter.typ", font_paths=fonts, ignore_system_fonts=True, sys_inputs={"data": data}
        )
        pdf = compiler.compile(format="pdf", pdf_standards="ua-1", timestamp=made_at)
        pages = int(json.loads(compiler.query("<pages>", field="value", one=True)))
    except typst.TypstError:
        pass
    else:
        assert isinstance(pdf, bytes)
        return Page(pdf, pages)
    # Outside the handler: the compiler quotes the text that it cannot write.
    raise PermanentFailure("unprintable")


def _values(letter: Letter, return_address: str) -> dict[str, object]:
    to = letter.to
    language = re.split("[_-]", letter.locale)[0]
    return {
        "sender": letter.sender_name,
        "return_address": letter.return_address or return_address,
        "address": [line for line in (to.name, to.care_of, to.street, f"{to.postcode} {to.town}".strip()) if line],
        "day": letter.day.isoformat(),
        "language": language,
        "is_rtl": language in _RIGHT_TO_LEFT,
        "heading": letter.heading,
        "paragraphs": letter.paragraphs,
        "link": letter.link,
        "qr": _qr(letter.link),
        "code": _in_groups(letter.code),
        "code_label": letter.code_label,
    }


def _in_groups(code: str) -> str:
    """For reading it aloud and typing it in."""
    bare = re.sub(r"[\s-]", "", code)
    return " ".join(bare[at : at + _GROUP] for at in range(0, len(bare), _GROUP))


def _qr(link: str) -> str:
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=2, scale=4)
    return out.getvalue().decode()
