"""What to do: the difference between what the directory says a target should hold and what it is known to hold.

Pure: takes values and returns values; `now` and `random_bytes` are arguments. Must not: read, write, wait, log. Rules:
explanation/architecture.md, explanation/settled-cases.md; spec/provisioning-service.md sections 2 to 9.
"""
