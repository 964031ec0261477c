"""Does what the engine decides: reads and writes the database, asks and tells the target, keeps time.

Must not: decide what the engine can decide, know HTTP, print. On top: cycle.run_cycle,
cycle.plan_cycle, scheduler.run_jobs. Below: executing, planning, recording, asking; importing stands apart.
"""
