"""Radiomics of one region: IBSI features, filters, and features for glioma."""
