"""The service's own pages: set up the first account, sign in, see and change the own account.

A skin over admin on the ground of web; complete without JavaScript. Imported when somebody opens a page. Must not:
reach storage, the runner or connectors, or decide what somebody may.
"""
