"""The process: the ASGI application, its start and stop, and connections."""
