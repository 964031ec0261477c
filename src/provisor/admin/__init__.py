"""Every verb of the product, once: takes an Actor, checks a named permission, writes the audit event, returns a value.

The command line, and later the portal and the Graph API, are skins over it. Must not: parse arguments, print.
Failures for the caller are AdminError. Names and transitions: spec/provisioning-service.md sections 2, 14, 16 to 18.
"""
