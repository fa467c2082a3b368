"""PostgreSQL and Valkey from their wheels, for whoever has no servers of their own."""
