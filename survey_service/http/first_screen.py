"""The styles of a page's first screen, in the page that a browser gets first: it is painted before any sheet is there.

They are the beginning of ``app.css``, up to its line of dashes. A page that carries them links the sheet last in its
body, where it holds up nothing, and the browser keeps it. From then on pages carry no styles and link the sheet in
their head: a cookie says which version of the sheet was sent, and nothing of anybody. Where cookies are refused, every
page carries them. ``base.html`` says which pages may.
"""

from base64 import b64encode
from hashlib import sha256

from flask import Flask, Response, g, request
from markupsafe import Markup

from survey_service.http.static_files import FOLDER, compact_styles, read_file

COOKIE = "sheet"
_END = "/* ---- Here the first screen ends ---- */"
_SHEET = FOLDER / "app.css"
_YEAR = 365 * 24 * 60 * 60

VERSION = read_file(_SHEET).version
STYLES = compact_styles(_SHEET.read_text().partition(_END)[0])
# What the content security policy lets in: these styles to the letter.
SOURCE = f"'sha256-{b64encode(sha256(STYLES.encode()).digest()).decode()}'"


def install_first_screen(app: Flask, *, secure: bool) -> None:
    """Give the templates ``first_screen_styles``: those, or nothing where the browser has the sheet."""

    def remember_sheet(response: Response) -> Response:
        if g.get("carries_styles"):
            response.set_cookie(COOKIE, VERSION, max_age=_YEAR, httponly=True, samesite="Lax", secure=secure)
        return response

    app.after_request(remember_sheet)
    app.jinja_env.globals["first_screen_styles"] = _first_screen_styles


def _first_screen_styles() -> str:
    if request.cookies.get(COOKIE) == VERSION:
        return ""
    g.carries_styles = True
    return Markup(STYLES)  # noqa: S704 - the service's own file
