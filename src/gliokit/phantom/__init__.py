"""Simulated patients: anatomy, tumor, signal; their truth is known."""
