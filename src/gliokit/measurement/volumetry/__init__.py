"""Semi-automatic volumetry: enhancing tumor outlined by a program that a reader steers."""
