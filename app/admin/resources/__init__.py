"""The resources of the draft, one by one: every kind by the same routes."""
