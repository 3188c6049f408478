"""Networks by the name that the command line takes."""

from kinesynth_train.networks.two_view import TwoViewNetwork

NETWORKS = {"two_view": TwoViewNetwork}

__all__ = ["NETWORKS", "TwoViewNetwork"]
