"""Convolutional filters of IBSI-2: an image in, its response on the same grid out."""
