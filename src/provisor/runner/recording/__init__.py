"""What came of it: outcomes, log rows, counters and progress, in small batches."""
