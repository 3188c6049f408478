"""Muscles of Kinesynth-112 in functional groups, from shoulder to foot."""

GROUPS = {
    "shoulder": ("delt", "supsp", "infsp", "subsc", "tmaj"),
    "chest, latissimus": ("pecm", "lat"),
    "elbow": ("tri", "bic", "bra", "brd"),
    "trunk": ("ercspn", "intobl", "extobl"),
    "hip flexors": ("iliacus", "psoas", "sart", "tfl"),
    "gluteus maximus": ("glmax",),
    "gluteus medius, minimus": ("glmed", "glmin", "piri"),
    "adductors": ("add", "grac"),
    "quadriceps": ("recfem", "vas"),
    "hamstrings": ("bf", "semi"),
    "calf": ("gas", "soleus"),
    "shin": ("tibant", "edl", "ehl"),
    "deep calf, peronei": ("tibpost", "fdl", "fhl", "per"),
}
SIDES = {"_r": "R", "_l": "L"}
OTHER = "other"


def group_of(muscle: str) -> tuple[str, str]:
    """Return a muscle's group, and its side (R, L, or nothing).

    Example:
        >>> group_of("glmax2_l"), group_of("platysma_r")
        (('gluteus maximus', 'L'), ('other', 'R'))
    """
    side = SIDES.get(muscle[-2:], "")
    for group, prefixes in GROUPS.items():
        if muscle.startswith(prefixes):
            return group, side
    return OTHER, side


def group_members(muscles: tuple[str, ...]) -> dict[tuple[str, str], list[int]]:
    """Return the indices of the muscles of each group and side, in the order of display, without empty groups."""
    members: dict[tuple[str, str], list[int]] = {(group, side): [] for group in (*GROUPS, OTHER) for side in "RL"}
    for index, muscle in enumerate(muscles):
        members.setdefault(group_of(muscle), []).append(index)
    return {key: indices for key, indices in members.items() if indices}
