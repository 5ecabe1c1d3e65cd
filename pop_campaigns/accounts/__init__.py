"""Who signs in: users, roles, organisations, and what each may see."""
