"""Many pictures on one page that can be looked at in a minute: an HTML file beside the pictures.

Not for the taking of them: see screenshots.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path

_STYLE = """
body { margin: 1rem; font: 14px system-ui, sans-serif; background: #ddd }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 1rem; align-items: start }
figure { margin: 0 } .desktop { grid-column: span 2 }
img { display: block; width: 100%; max-height: 34rem; object-fit: cover; object-position: top; background: #fff }
figcaption { padding-block: .3rem; overflow-wrap: anywhere }
"""


def write_contact_sheet(sheet: Path, title: str, pictures: Sequence[Path]) -> None:
    """Every picture small, with its name, and whole when it is pressed. Paths are told from the sheet's folder."""
    figures = "\n".join(_figure(picture.relative_to(sheet.parent)) for picture in pictures)
    sheet.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1><main>\n{figures}\n</main></html>\n",
        encoding="utf-8",
    )


def _figure(picture: Path) -> str:
    width = "desktop" if "desktop" in picture.stem else "phone"
    source = escape(picture.as_posix())
    return (
        f'<figure class="{width}"><a href="{source}"><img src="{source}" alt="" loading="lazy"></a>'
        f"<figcaption>{escape(picture.stem)}</figcaption></figure>"
    )
