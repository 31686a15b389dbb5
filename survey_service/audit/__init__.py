"""Who saw what, when, for which purpose; refusals included."""
