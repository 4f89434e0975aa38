"""Size of the regions: volumes, lesions, diameters."""
