"""Imported by a process that is to be broken: what an ended run had sent is forgotten."""

from provisor.storage import unknown

unknown.keep_in_doubt = lambda connection, job, left: None
