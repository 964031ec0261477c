"""What will be sent: recovers what is unknown, matches, decides, and writes the rows of a plan."""
