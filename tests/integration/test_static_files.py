"""Style sheets, scripts and pictures: asked for once, compressed, and never the pages."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask

from survey_service.http.static_files import FOLDER, compact_styles
from tests.browsing import Visitor
from tests.world import World

COMPRESSED = {"headers": {"Accept-Encoding": "gzip"}}


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def address(visitor: Visitor, name: str) -> str:
    """Where the pages say that the file is."""
    found = re.search(rf'"(/static/{re.escape(name)}[^"]*)"', visitor.get("/").get_data(as_text=True))
    assert found is not None
    return found[1]


def test_a_file_at_the_address_of_its_content_is_kept_for_ever(visitor: Visitor) -> None:
    path = address(visitor, "app.css")
    assert re.fullmatch(r"/static/app\.css\?v=[0-9a-f]{8}", path)
    assert visitor.get(path).headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("query", ["", "?v=0123456789"])
def test_a_file_at_another_address_is_asked_for_again(visitor: Visitor, query: str) -> None:
    answer = visitor.get(f"/static/app.css{query}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    again = visitor.get(f"/static/app.css{query}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", sorted(file.name for file in FOLDER.iterdir()))
def test_what_is_compressed_is_the_file(visitor: Visitor, name: str) -> None:
    content = visitor.get(f"/static/{name}").data
    answer = visitor.get(f"/static/{name}", **COMPRESSED)
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == content
    assert len(answer.data) == int(answer.headers["Content-Length"]) < len(content)


def test_who_takes_nothing_compressed_gets_it_as_it_is(visitor: Visitor) -> None:
    answer = visitor.get("/static/app.css", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in answer.headers
    assert answer.data == compact_styles((FOLDER / "app.css").read_text()).encode()
    assert answer.headers["ETag"] != visitor.get("/static/app.css", **COMPRESSED).headers["ETag"]


@pytest.mark.parametrize("name", sorted(file.name for file in FOLDER.iterdir()))
def test_of_a_file_only_comments_and_space_stay_behind(visitor: Visitor, name: str) -> None:
    """Where a string of a style sheet loses a space to this, see test_first_sight."""
    comments = {".css": r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/", ".js": r"(?m)^ *//.*$"}.get(Path(name).suffix, r"(?!)")

    def bare(text: str) -> str:
        return re.sub(r"\s", "", re.sub(comments, "", text)).replace(";}", "}")

    sent = visitor.get(f"/static/{name}").get_data(as_text=True)
    assert bare(sent) == bare((FOLDER / name).read_text())
    assert re.search(comments, sent) is None


def test_a_file_says_less_of_what_may_be_done_in_it_than_a_page(visitor: Visitor) -> None:
    """Each header goes with each file, and a first visit asks for six."""
    headers = visitor.get("/static/app.js").headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert not {"Permissions-Policy", "Referrer-Policy", "X-Frame-Options"} & {name for name, _ in headers}
    assert "style-src" in visitor.get("/static/none.css").headers["Content-Security-Policy"]  # which is a page


def test_no_page_is_compressed(world: World, app: Flask) -> None:
    """Its length would tell of the secrets in it, to who can have some of it repeated (BREACH)."""
    identity = world.new_identity()
    world.enrol(identity)
    answer = Visitor(app, world.patient_cookie(identity)).get("/inbox", **COMPRESSED)
    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, None)


@pytest.mark.parametrize("name", ["", "none.css", "../app.py", "app.css/"])
def test_nothing_else_is_there(visitor: Visitor, name: str) -> None:
    assert visitor.get(f"/static/{name}").status_code == 404


def test_what_scripts_say_is_kept_for_ever_too_in_each_language(visitor: Visitor, world: World, app: Flask) -> None:
    identity = world.new_identity()
    world.enrol(identity)
    page = Visitor(app, world.patient_cookie(identity)).get("/inbox", headers={"Accept-Language": "ar"})
    found = re.search(r'"(/static/words\.ar\.js[^"]*)"', page.get_data(as_text=True))
    assert found is not None
    words = visitor.get(found[1], **COMPRESSED)
    assert words.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "هل ما زلت هنا؟" in gzip.decompress(words.data).decode()
    assert "Är du kvar?" in visitor.get("/static/words.sv.js").get_data(as_text=True)
    assert visitor.get("/static/words.xx.js").status_code == 404


def test_of_a_language_that_this_process_has_not_learnt_of_yet_scripts_get_the_words_of_another(
    visitor: Visitor,
) -> None:
    """E2: the page came from another process, which had; the browser does not keep them."""
    words = visitor.get("/static/words.nb.js?v=12345678")
    assert (words.status_code, words.headers["Cache-Control"]) == (200, "no-cache")
    assert "Är du kvar?" in words.get_data(as_text=True)
