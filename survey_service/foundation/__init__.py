"""What every capability stands on: database, encryption, jobs, clock, logging. Knows nothing of surveys."""
