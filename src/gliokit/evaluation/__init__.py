"""How good a result is: overlap, surface distance, lesions, calibration, intervals."""
