"""Network architectures, one a file; they know no study, file or loss."""
