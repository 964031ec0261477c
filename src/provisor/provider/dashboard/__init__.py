"""The application's web page: people and groups, tokens, and what clients sent.

Server-rendered, complete without JavaScript. Imported at the first request for a page, never by a SCIM request.
"""
