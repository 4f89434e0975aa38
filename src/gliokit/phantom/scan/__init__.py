"""From tissue to images: signal, acquisition, scanners."""
