"""The only part that imports OpenSim: opens, builds, poses and writes models, and runs tools, on numpy arrays.

No other part imports `opensim`. What it opens is handed on as a `Model` that only functions of this part look into.
Import its modules in a process of its own only (`kinesynth.isolation`): OpenSim ends the process on some bad inputs and
hangs on others.
"""
