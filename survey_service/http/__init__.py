"""What every page and endpoint shares: language, security headers, errors, templates. Knows nothing of surveys."""
