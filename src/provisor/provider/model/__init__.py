"""What a tenant serves: profiles, documents, limits."""
