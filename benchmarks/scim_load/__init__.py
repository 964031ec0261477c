"""What benchmarks/target.py is made of: the load, the phases, the servers that are compared."""
