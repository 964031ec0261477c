"""The pages of sources: where people and groups come from, a wizard that adds one, how each is."""
