"""Profiles: what is remembered of visitors, told and changed."""
