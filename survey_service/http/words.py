"""What the scripts of a patient's pages say, in one language: a file of its own, so that a page does not carry it.

A page is sent anew with every question; these words are asked for once, as the style sheet is.
"""

import json
from typing import Any

from flask import Flask, Response, abort, request, url_for

from survey_service.http.locale import DEFAULT, gettext, languages, write_in
from survey_service.http.static_files import StaticFile, make_file, send

ENDPOINT = "words"


def install_words(app: Flask) -> None:
    app.url_defaults(_add_version)
    app.add_url_rule("/static/words.<locale>.js", ENDPOINT, _answer)


def _answer(locale: str) -> Response:
    known = dict(languages())
    if locale not in known and "v" not in request.args:
        abort(404)
    # A page by a process that has learnt of a language a moment before this one: better words of another than none.
    write_in(locale if locale in known else DEFAULT)
    return send(_script())


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == ENDPOINT:
        values.setdefault("v", _script().version)


def _script() -> StaticFile:
    content = f"globalThis.words={json.dumps(_words(), ensure_ascii=False)};"
    return make_file(content.encode(), "text/javascript")


def _words() -> dict[str, str]:
    return {
        "kept": gettext("Not sent yet. Your answer is kept on this device and is sent when the network is back."),
        "lost": gettext("Not sent: there is no network. Press the button again in a while."),
        "sent": gettext("Your answer has been sent."),
        "refused": gettext("Your answer was not saved. The question may have been answered on another device."),
        "onward": gettext("Go on answering"),
        "title": gettext("Are you still there?"),
        "why": gettext("You will soon be signed out, because nothing has been done here for a while."),
        "two": gettext("About 2 minutes are left."),
        "one": gettext("About 1 minute is left."),
        "stay": gettext("Stay signed in"),
        "over": gettext("You have been signed out"),
        "stayAddress": url_for("access.stay"),
        "endedAddress": url_for("access.signed_out"),
    }
