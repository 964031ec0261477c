"""The crash harnesses: processes killed behind a proxy, a service under fire in one process, and in one of its own.

`processes` runs a command, lets it die and runs it again. The others make, from one seed, an organisation, a target and
rounds of changes and faults, and look at what the target holds afterwards: `python -m provisor.testing.crash`.
"""

from provisor.testing.crash.processes import CommandRun, kill_and_resume, run_behind, strike_points

__all__ = ["CommandRun", "kill_and_resume", "run_behind", "strike_points"]
