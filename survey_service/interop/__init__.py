"""Other systems' forms of what is ours: instruments as FHIR R4 Questionnaires, there and back."""
