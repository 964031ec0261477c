"""What machines that look after the service read: health and metrics over HTTP, beside the jobs and in their process.

A skin over admin.health. Must not: change anything, tell names of people, or keep a job from running.
"""
