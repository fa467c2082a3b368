"""Published, numbered, immutable copies of the draft."""
