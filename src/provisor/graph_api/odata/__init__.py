"""How Graph speaks: paths in every spelling, query options, pages, tokens, errors. Knows no resource."""
