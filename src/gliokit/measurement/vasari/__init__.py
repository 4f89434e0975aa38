"""VASARI: the lexicon of 30 features of a glioma in MR images, computed where that is honest."""
