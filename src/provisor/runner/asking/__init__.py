"""How a target is asked: its pace, its time-outs, the probe, and many requests in flight."""
