"""A subject's shape, from files, markers or stated measures, or sampled from the prior."""
