"""Connectors: the outside world behind the ports of `engine`.

What fails outside is raised as a ConnectorError. Modules here are heavy and are imported by the wiring when needed.
"""
