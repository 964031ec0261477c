"""Sends what is in the outbox, by mail and to webhooks, beside the jobs that a serve runs."""
