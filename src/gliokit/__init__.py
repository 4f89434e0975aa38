"""Open, offline toolkit for MR imaging of glioma: from a study to a report."""
