"""The public edge: bytes in, a decision out."""
