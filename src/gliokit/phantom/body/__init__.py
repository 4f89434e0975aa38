"""Healthy people: tissue maps, deformation, age, details, head."""
