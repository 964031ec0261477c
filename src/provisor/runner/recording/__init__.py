"""The results: outcomes, log rows, counters and progress, in small batches."""
