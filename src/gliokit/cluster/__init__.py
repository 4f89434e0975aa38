"""Where work runs: processes of this machine, or the workers of a dask scheduler."""
