"""The whole draft as one document."""
