"""Does what the engine decides: reads and writes the database, asks and tells the target, keeps time.

The only room that waits. Must not: decide what the engine can decide, know HTTP, print. Entry points: cycle.run_cycle,
cycle.plan_cycle, connection.test_connection, scheduler.run_jobs. Rules: explanation/settled-cases.md,
explanation/faithful-or-better.md.
"""
