"""Reading who changed what."""
