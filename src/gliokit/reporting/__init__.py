"""Findings as files: JSON, figures, HTML."""
