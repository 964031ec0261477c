"""Sends what is planned: one object after the other, then memberships, and the outcome of each."""
