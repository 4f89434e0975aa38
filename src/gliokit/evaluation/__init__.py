"""How good a result is: overlap, surface distance, patient-level intervals."""
