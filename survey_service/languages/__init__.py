"""Which wording is approved in which language, and which version a patient was shown."""
