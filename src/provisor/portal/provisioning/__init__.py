"""A job of an application: overview, settings, plans, what is held back, provisioning on demand."""
