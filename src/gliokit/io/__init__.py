"""Files to values and back: NIfTI, study folders, label conventions, cohort tables."""
