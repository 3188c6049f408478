"""From a person's own videos to OpenSim: `predict`.

Video or 2-D points (`videos`, `keypoint_files`, `detector`), the person among them (`tracks`), points in the world
(`triangulation`), the size of the body (`proportions`), its pose (`pose`), and what is written (`outputs`, `overlay`).
This part uses the stages of `kinesynth` as its command line does, and stands above them.
"""
