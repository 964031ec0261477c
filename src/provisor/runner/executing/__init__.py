"""Sends what is planned: one object after the other, then memberships, and what comes of each."""
