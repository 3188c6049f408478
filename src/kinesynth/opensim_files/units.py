"""Units of length as marker files write them: in full, in short, or cut off after four letters."""

METRES_PER_UNIT = {"m": 1.0, "cm": 0.01, "mm": 0.001}
_WORDS = {
    "m": ("meters", "metres"),
    "cm": ("centimeters", "centimetres"),
    "mm": ("millimeters", "millimetres"),
}
_MIN_LETTERS = 3
EXPECTED = "m, cm or mm"


def metres_per_unit(text: str) -> float | None:
    """Return how many metres a unit is, None where the text names no unit of length.

    Example:
        >>> metres_per_unit("MM"), metres_per_unit("Meters"), metres_per_unit("mete"), metres_per_unit("inch")
        (0.001, 1.0, 1.0, None)
    """
    word = text.strip().strip(".()[]").lower()
    for unit, spelled in _WORDS.items():
        if word == unit or (len(word) >= _MIN_LETTERS and any(name.startswith(word) for name in spelled)):
            return METRES_PER_UNIT[unit]
    return None
