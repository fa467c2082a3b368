"""Making sites, each with its first keys."""
