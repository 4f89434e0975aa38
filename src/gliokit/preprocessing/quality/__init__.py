"""Whether the images of a study are good enough: one check a file, and the table of them."""
