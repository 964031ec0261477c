"""What was asked and answered: request log, inspector, metrics, health."""
