"""The answers at the responsible provider: delivered, received, read, assessed. Three acts, never one status."""
