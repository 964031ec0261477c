"""What every page of ours needs: sessions, proof of where a form came from, headers, signing in, tables, assets.

A skin (the Umbrella dashboard, the portal) brings its routes and templates; `site` checks, runs and renders them.
`connections` guards every server of ours against slow clients. Must not: know a noun (an account is a key here), or
import any other room of ours but database and scim.
"""
