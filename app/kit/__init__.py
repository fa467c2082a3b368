"""Small domain-free pieces: instants, ids, errors, logging, metrics."""
