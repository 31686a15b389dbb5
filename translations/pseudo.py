"""A language that nobody speaks, to see by: what has no brackets was never translated, what is cut off was too narrow.

For demonstrations and tests. Every text of the interface stays readable English, longer by two fifths (as Finnish and
German are), accented, and within brackets; placeholders, mark-up and addresses stay what they are.
"""

import re

from babel.support import Translations

# The region that is for private use, which others use in the same way.
PSEUDO = "en_XA"

_LONGER_BY = 0.4
_KEPT = re.compile(r"(%\(\w+\)[a-z]|%%|\{\w*\}|<[^<>]+>|&\w+;|https?://\S+)")
_ACCENTED = str.maketrans(
    "AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQqRrSsTtUuVvWwXxYyZz",
    "ÅåßƀÇçÐðÉéƑƒĜĝĤĥÎîĴĵĶķĻļṀṁÑñÖöÞþǪǫŔŕŠšŢţÛûṼṽŴŵẊẋÝýŽž",
)


def pseudo(text: str) -> str:
    """The text as it would be in the language that nobody speaks.

    >>> pseudo("Stop and go on later")
    '[Šţööþ ååñðð ĝöö ööñ ļååţééŕŕ]'
    >>> pseudo("Question %(position)s")
    '[Ǫûééšţîîöññ %(position)s]'
    """
    parts = _KEPT.split(text)
    return "[" + "".join(part if place % 2 else _lengthened(part) for place, part in enumerate(parts)) + "]"


def _lengthened(text: str) -> str:
    """Letters are doubled where they stand, vowels first: a long word is a harder test than one word more."""
    made, owed = [], 0.0
    for place, letter in enumerate(text):
        made.append(letter)
        owed += _LONGER_BY
        ends = not text[place + 1 : place + 2].isalpha()
        if letter.isalpha() and (owed >= 2 or (owed >= 1 and letter in "AEIOUYaeiouy") or (ends and owed >= 1)):
            made.append(letter.lower())
            owed -= 1
    return "".join(made).translate(_ACCENTED)


class PseudoTranslations(Translations):
    """A catalogue that has every text."""

    def gettext(self, message: str) -> str:
        return pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return pseudo(message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return self.ngettext(msgid1, msgid2, n)

    def unpgettext(self, context: str, singular: str, plural: str, num: int) -> str:
        return self.ngettext(singular, plural, num)

    # The same under the names that flask-babel calls.
    ugettext = gettext
    ungettext = ngettext
    upgettext = pgettext
