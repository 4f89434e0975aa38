"""A study to its findings, and the folder in which they are written."""
