"""The commands of `survey`, one module a subject: thin entries to what others do. `survey_service.cli` joins them."""
