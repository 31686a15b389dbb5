"""Cells of CSV files that people open in a spreadsheet."""

# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def no_formula(text: str) -> str:
    """The text, so that a spreadsheet shows it and computes nothing."""
    return f"'{text}" if text.startswith(_FORMULA) else text
