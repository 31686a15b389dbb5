"""How a patient learns that something waits: messages that say nothing of health, and the channels that carry them."""
