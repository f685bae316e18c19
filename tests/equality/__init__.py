"""Every rule and gate in every language that it is said in, asked of the same events, in one table."""
