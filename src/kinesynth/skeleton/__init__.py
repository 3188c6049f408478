"""The skeleton: a full-body OpenSim model built from tables, and its differentiable twin."""
