"""What of a site is allowed and hardly meant, decided by a solver and shown by an example."""
