"""Style sheets, scripts and pictures: read, hashed and compressed once, when the process starts.

Comments and needless space stay here: on a first visit they would be a tenth of what is fetched. The address carries
a hash of the content (``app.css?v=…``), so that a browser asks for a file once, ever. Only these are compressed, since
they are the same for everybody: a page has secrets in it, and its length would tell of them (BREACH).
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, request

FOLDER = Path(__file__).parent / "static"
_ENDPOINT = "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_NEEDLESS_SPACE = re.compile(r"\s*([{};,])\s*|(?<=:)\s+")
_COMMENT_LINE = re.compile(r"^\s*//.*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it goes out. ``compressed`` is None where that saves nothing."""

    version: str
    content_type: str
    content: bytes
    compressed: bytes | None


def install_static_files(app: Flask) -> None:
    files = _read(FOLDER)

    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == _ENDPOINT and (file := files.get(values.get("filename", ""))):
            values.setdefault("v", file.version)

    app.url_defaults(add_version)
    app.add_url_rule("/static/<path:filename>", _ENDPOINT, lambda filename: _answer(files, filename))


def _answer(files: Mapping[str, StaticFile], filename: str) -> Response:
    file = files.get(filename)
    if file is None:
        abort(404)
    return send(file)


def send(file: StaticFile) -> Response:
    """The file, to be kept for ever where it was asked for by the hash of its content."""
    is_compressed = file.compressed is not None and request.accept_encodings["gzip"] > 0
    response = Response(file.compressed if is_compressed else file.content, content_type=file.content_type)
    if is_compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    # An old page may ask for what a new release has changed: it gets the new one, and is not to keep it as the old.
    is_this = request.args.get("v") == file.version
    response.headers["Cache-Control"] = _FOR_EVER if is_this else "no-cache"
    response.set_etag(f"{file.version}-gzip" if is_compressed else file.version)
    return response.make_conditional(request)  # type: ignore[return-value]  # because werkzeug types its base class


def make_file(content: bytes, kind: str) -> StaticFile:
    is_text = kind.startswith("text/") or kind in {"image/svg+xml", "application/javascript"}
    compressed = gzip.compress(content, mtime=0)
    return StaticFile(
        version=hashlib.sha256(content).hexdigest()[:8],
        content_type=f"{kind}; charset=utf-8" if is_text else kind,
        content=content,
        compressed=compressed if len(compressed) < len(content) else None,
    )


def compact_styles(sheet: str) -> str:
    """Without comments and needless space.

    Space is taken in strings too, beside a comma, a brace or a semicolon and after a colon: there is no such string.
    """
    text = re.sub(r"\s+", " ", _COMMENT.sub("", sheet))
    return _NEEDLESS_SPACE.sub(r"\1", text).replace(";}", "}").strip()


def compact_script(script: str) -> str:
    """Without the lines that are a comment. All else stays, so that what a browser reports can be found."""
    return _COMMENT_LINE.sub("", script)


_COMPACT = {".css": compact_styles, ".js": compact_script}


def read_file(file: Path) -> StaticFile:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    compact = _COMPACT.get(file.suffix)
    return make_file(compact(file.read_text()).encode() if compact else file.read_bytes(), kind)


def _read(folder: Path) -> Mapping[str, StaticFile]:
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): read_file(file) for file in files}
