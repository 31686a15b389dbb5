"""Characters that have no place in a text that people read.

For what a character does on a page. Not for what a text says.
"""

import unicodedata

# They turn the direction of what follows, so that a text reads otherwise than it is stored.
_EMBEDDINGS = frozenset("\u202a\u202b\u202c\u202d\u202e")
# They keep a name or a figure apart from the text around it: right, where each is closed in the same text.
_ISOLATES = frozenset("\u2066\u2067\u2068")
_CLOSING = "\u2069"


def control_characters(text: str, *, paragraphs: bool, isolates: bool = True) -> tuple[str, ...]:
    """The characters of the text that may not be there, each once, sorted.

    A line feed may be there in ``paragraphs``, and marks and joiners anywhere. Where ``isolates`` may be used they
    are refused only if one is not closed.
    """
    refused = {one for one in text if _is_control(one) and not (paragraphs and one == "\n")}
    if not isolates or not _are_closed(text):
        refused |= {one for one in text if one in _ISOLATES or one == _CLOSING}
    return tuple(sorted(refused))


def _is_control(character: str) -> bool:
    # Cc control, Cs half of a pair, Co private use, Cn not assigned; line and paragraph separators.
    return unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") or character in _EMBEDDINGS


def _are_closed(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character in _ISOLATES) - (character == _CLOSING)
        if depth < 0:
            return False
    return depth == 0
