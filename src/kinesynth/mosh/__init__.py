"""Motion and shape capture from points: a body in SMPL-X's schema is fitted in pose and shape to points.

Sources: MoSh (Loper et al. 2014, doi:10.1145/2661229.2661273), MoSh++ (Mahmood et al. 2019,
doi:10.1109/ICCV.2019.00554).
"""
