"""Inbound synchronisation: what a record of a source means for the directory, as the rules of Entra Connect have it."""
