"""A tumor: what it is, how it grows, what treatment leaves."""
