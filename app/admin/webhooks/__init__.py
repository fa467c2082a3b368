"""Webhooks: who outside is told of what happens, and how that went."""
