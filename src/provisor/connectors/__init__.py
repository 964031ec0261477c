"""Connectors: the outside world behind the ports of `engine`.

The only place where a ConnectorError is raised. Modules here are heavy and are imported by the wiring when needed.
"""
