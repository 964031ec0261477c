"""The tutorial's steps 3 to 7, done by a program, and step 2 with a throwaway domain: `provisor demo`.

A skin over admin, and a verifier that shares nothing with what it verifies. Must not: import runner, storage,
connectors or the target, which runs as a process of its own; of provisor.testing anything but the domain. The steps
use the tutorial's words.
"""
