"""The demonstration: the whole service on one machine, with made-up people. Nothing here is for production."""
