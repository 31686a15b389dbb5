"""Whose licence covers which use of an instrument, until when. The rights-holder's terms, kept by the database."""
