"""What is remembered of visitors: read before a decision, folded from records after it."""
