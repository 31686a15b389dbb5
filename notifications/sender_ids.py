"""The sender's name as a phone shows it. Pure."""

import unicodedata

# What a phone can show as the sender (GSM 03.40): letters, digits and spaces, eleven of them.
_LONGEST = 11
# Letters that are no accented ones to Unicode.
_WITHOUT_ACCENT = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "đ": "d", "ł": "l", "Ł": "L", "ß": "ss"})


def sms_sender_id(sender_name: str) -> str:
    """The sender's name as a phone shows it: at most eleven letters and digits, å as a. Whole words where they fit.

    It is the same for ever for a name, so that the patient comes to know it. Empty
    for a name in which there is no such letter.
    """
    plain = unicodedata.normalize("NFKD", sender_name.translate(_WITHOUT_ACCENT))
    ascii_only = "".join(one for one in plain if one.isascii() and (one.isalnum() or one == " "))
    fitting = ""
    for word in ascii_only.split():
        longer = f"{fitting} {word}".strip()
        if len(longer) > _LONGEST:
            break
        fitting = longer
    return fitting or "".join(ascii_only.split())[:_LONGEST]
