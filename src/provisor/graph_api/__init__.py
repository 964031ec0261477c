"""The Graph-shaped API over the verbs: what Microsoft Graph's clients call, under /v1.0 and /beta.

A skin: it reads requests, asks `admin`, and writes answers in Graph's shapes (spec/graph-synchronization-api.md). Must
not: decide who may, which every verb does; know a table, a connector or the runner.
"""
