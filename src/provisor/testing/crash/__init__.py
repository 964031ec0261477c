"""The crash harnesses: processes that are killed behind a proxy, and a service under fire in one process.

`processes` runs a command, lets it die and runs it again. The others make, from one seed, an organisation, a target and
rounds of changes and faults, and look at what the target holds afterwards: `python -m provisor.testing.crash`.
"""

from provisor.testing.crash.processes import CommandRun, kill_and_resume, run_behind, strike_points

__all__ = ["CommandRun", "kill_and_resume", "run_behind", "strike_points"]
