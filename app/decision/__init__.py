"""The way of one request, read like a table of contents."""
