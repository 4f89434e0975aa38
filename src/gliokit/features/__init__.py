"""A study as a row of named numbers: tables, imputation, selection, harmonization."""
