"""Inbound synchronisation: what a record of a source means for the directory, as Entra Connect's inbound rules say."""
