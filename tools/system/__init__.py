"""System tests: the tiny workflow broken in every way that a cluster knows, and on a SLURM of one node."""
