"""Measurements, run by `make bench`. A benchmark measures; a test never times."""
