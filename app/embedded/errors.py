"""What goes wrong with the embedded servers."""


class EmbeddedError(Exception):
    """The embedded servers cannot be had; the message says why, and what to do."""
