"""`provisor target …`: the provider's command line."""
