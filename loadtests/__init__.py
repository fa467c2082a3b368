"""Load on a running service: journeys as visitors made them, and what became of each request."""
