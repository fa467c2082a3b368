"""What answering costs over HTTP, each figure beside an ASGI app that answers a constant."""
