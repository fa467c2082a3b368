"""Runs: work that takes long, queued by a request and done in a child process of low priority."""
