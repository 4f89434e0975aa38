"""Response of glioma over any number of visits, by published criteria written as tables."""
