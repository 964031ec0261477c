"""What a service does beside its jobs: it passes the log on and removes what has been kept for long enough."""
