"""What the patient can see and decide: who saw and received what, and the choice for each register."""
