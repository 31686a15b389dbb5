"""How the patient learns that something waits: the inbox, and a notice that says nothing of health."""
