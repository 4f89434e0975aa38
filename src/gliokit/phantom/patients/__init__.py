"""Patients without images: genotype, treatment, survival, course."""
