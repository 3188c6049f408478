"""OpenSim's text files, read and written without OpenSim: markers (`trc`) and storages (`storage`)."""

from kinesynth.opensim_files.storage import Storage, read_storage, write_storage
from kinesynth.opensim_files.trc import MarkerTrajectories, read_trc, write_trc

__all__ = ["MarkerTrajectories", "Storage", "read_storage", "read_trc", "write_storage", "write_trc"]
