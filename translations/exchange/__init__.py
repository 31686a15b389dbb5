"""Texts out to translators' own tools and back in: PO, XLIFF 2.0 and XLSX.

For the files and for what a file that came back would change. Not for taking it in: nothing here knows the database.
"""
