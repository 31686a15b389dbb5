"""A gateway of messages to try things on, as a process of its own."""
