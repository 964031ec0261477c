"""Tables and rows of the provider's own database."""
