"""Words and values: errors, vocabulary, geometry, image, study, cohort, findings."""
