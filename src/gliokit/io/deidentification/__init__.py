"""Removal of what identifies a patient from DICOM, NIfTI and JSON files."""
