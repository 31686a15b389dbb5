"""What a care unit ordered: a protocol, an enrolment, its occasions and their tasks. Only a unit can order."""
