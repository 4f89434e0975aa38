"""One step a file: orientation, grids, brain, normalization, quality."""
