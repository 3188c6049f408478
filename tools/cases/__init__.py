"""The cases of misleading inputs: what they are, what becomes of them, and what should."""
