"""Registers as consumers: agreements, release by receipt, the feed they pull from, and the patient's objection."""
