"""Trained weights: their manifest, hash and card, and the session that runs them."""
