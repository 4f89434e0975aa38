"""Simulated studies as scanners export them, with planted identifiers."""
