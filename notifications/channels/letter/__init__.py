"""Letters into a folder from which they are printed, with a manifest that names nobody.

The folder holds ``<key>.pdf``, each with the receiver's name and address on it: it is for the print office and nobody
else. ``manifest.jsonl`` has one line for each letter: key, day, pages and SHA-256.
"""

import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from notifications.channels import Configuration, PermanentFailure, TechnicalFailure, Transport, text_of
from notifications.channels.letter.page import Page, set_letter
from notifications.message import Format, Letter, Message

_MANIFEST = "manifest.jsonl"


class PrintFolder:
    """A folder that a print office empties. What the manifest names is never written again, printed or not."""

    format = Format.LETTER

    def __init__(self, folder: Path, return_address: str) -> None:
        self._folder = folder
        self._return_address = return_address

    @property
    def envelope(self) -> tuple[str, ...]:
        return (self._return_address,)

    def send(self, message: Message) -> str:
        """Returns the key, by which the print office names the letter."""
        assert isinstance(message, Letter)
        if not re.fullmatch("[A-Za-z0-9-]{1,64}", message.key):
            raise PermanentFailure("key")
        try:
            with self._manifest() as manifest:
                known = self._keys(manifest)
            if message.key not in known:
                # Set outside the lock: another process may set its letters meanwhile.
                self._write(message, set_letter(message, self._return_address))
        except OSError as error:
            failure = TechnicalFailure(type(error).__name__)
        else:
            return message.key
        raise failure

    def close(self) -> None:
        pass

    def _write(self, letter: Letter, page: Page) -> None:
        """The whole letter or none, and then its line: after a crash between the two the letter is written again."""
        line = {
            "key": letter.key,
            "day": letter.day.isoformat(),
            "pages": page.pages,
            "sha256": hashlib.sha256(page.pdf).hexdigest(),
        }
        with self._manifest() as manifest:
            if letter.key in self._keys(manifest):
                return
            self._replace(f"{letter.key}.pdf", page.pdf)
            manifest.seek(0, os.SEEK_END)
            manifest.write(json.dumps(line).encode() + b"\n")
            manifest.flush()
            os.fsync(manifest.fileno())

    def _replace(self, name: str, content: bytes) -> None:
        handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # The print office is in the folder's group.
            os.chmod(temporary, 0o640)
            os.replace(temporary, self._folder / name)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise

    @contextmanager
    def _manifest(self) -> Iterator[IO[bytes]]:
        """The manifest, for one process at a time."""
        with (self._folder / _MANIFEST).open("a+b") as manifest:
            fcntl.flock(manifest, fcntl.LOCK_EX)
            yield manifest

    def _keys(self, manifest: IO[bytes]) -> frozenset[str]:
        manifest.seek(0)
        return frozenset(key.decode() for key in re.findall(rb'^\{"key": "([^"]+)"', manifest.read(), re.MULTILINE))


def open_channel(configuration: Configuration, transport: Transport) -> PrintFolder:
    return PrintFolder(Path(text_of(configuration, "folder")), text_of(configuration, "return_address"))
