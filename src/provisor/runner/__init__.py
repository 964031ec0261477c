"""Does what the engine decides: reads and writes the database, queries and changes the target, keeps time.

Must not: decide what the engine can decide, know HTTP, print. On top: cycle.run_cycle, cycle.run_due, plans.make_plan,
scheduler.run_jobs. Below: executing, planning, recording, asking; importing stands apart.
"""
