"""What happened, on this host's disk before the answer leaves, and from there in PostgreSQL exactly once."""
