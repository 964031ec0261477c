"""The tutorial's steps 3 to 7, done by a program: `provisor demo`.

A skin over admin, and a verifier that shares nothing with what it verifies. Must not: import runner,
storage, connectors or the target, which runs as a process of its own. The steps use the tutorial's words.
"""
