"""How long patients may live: published systems, each one file, and what they share."""
