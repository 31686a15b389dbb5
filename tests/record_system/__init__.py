"""A record system to try things on, as a process of its own."""
