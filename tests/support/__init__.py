"""What only our own tests and benchmarks need; what others may use in theirs is `provisor.testing`.

pytest finds this folder by `pythonpath` in pyproject.toml, a benchmark by adding tests/ to its path.
"""
