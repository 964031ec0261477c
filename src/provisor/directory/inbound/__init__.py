"""Inbound synchronisation: what a record of a source means for the directory, as inbound rules of Entra Connect say it."""
