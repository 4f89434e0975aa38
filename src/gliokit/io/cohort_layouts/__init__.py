"""Public collections as they are distributed, to the rows of a cohort table."""
