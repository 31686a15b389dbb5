"""Who is signed in, under which commission, at which level of assurance."""
