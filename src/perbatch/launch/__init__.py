"""Workers: what hands a sweep's runs to this machine's processes, to SLURM or to Dask, and minds them."""
