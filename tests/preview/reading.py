"""How hard a page is to read: LIX, as C.-H. Björnsson defined it in 1968, and its longest sentence.

What counts is the running text that this service has written: not the wording of instruments, and not names.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

# Each of these ends a sentence, as a full stop does: a heading, a row of a list, a button.
_BLOCKS = frozenset(("h1", "h2", "h3", "h4", "p", "li", "dt", "dd", "div", "section", "article", "form", "br")) | {
    *("legend", "label", "button", "summary", "td", "th", "option", "figcaption")
}
_LEFT_OUT = frozenset(("head", "script", "svg", "select", "fieldset", "bdi", "time", "textarea", "table"))
_VOID = frozenset(("br", "img", "input", "meta", "link", "hr"))
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
# A word of more letters is long.
_LONG = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """The sentences of a page, in order."""

    sentences: tuple[str, ...]

    @property
    def lix(self) -> float:
        """Words a sentence and long words a hundred, together: below 30 very easy, 30 to 40 easy."""
        words = [word for sentence in self.sentences for word in _WORD.findall(sentence)]
        return len(words) / len(self.sentences) + 100 * sum(len(word) > _LONG for word in words) / len(words)

    def longer_than(self, words: int) -> Sequence[str]:
        return [sentence for sentence in self.sentences if len(_WORD.findall(sentence)) > words]


def read(html: str) -> Reading:
    """The running text of the page. Headings, buttons and labels would make it seem easier than it is."""
    reader = _Reader()
    reader.feed(html)
    found = (part.strip() for block in "".join(reader.text).split("\n\n") for part in re.split(r"(?<=[.!?:])\s", block))
    return Reading(tuple(part for part in found if part.endswith((".", "!", "?")) and _WORD.search(part)))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._left_out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self._end(tag)
            return
        values = dict(attrs)
        if self._left_out or tag in _LEFT_OUT or values.get("class") in ("top", "skip", "source"):
            self._left_out.append(tag)
        self._end(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._left_out:
            self._left_out.pop()
        self._end(tag)

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self.text.append(re.sub(r"\s+", " ", data))

    def _end(self, tag: str) -> None:
        if tag in _BLOCKS and not self._left_out:
            self.text.append("\n\n")
