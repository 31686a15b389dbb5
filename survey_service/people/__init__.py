"""Who the patient is, and which provider has a care relation. Identity is sealed under the person's own key."""
