"""Tumor regions from a study."""
