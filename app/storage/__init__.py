"""How PostgreSQL and Valkey are reached, and the tables."""
