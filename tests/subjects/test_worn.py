"""What a subject's record says of the markers that were worn."""

from kinesynth.subjects.worn import assumed


def test_what_is_assumed_is_said() -> None:
    """A static trial with both ends of the pelvis marked needs nothing; without either something is supposed."""
    whole = {"standing": True, "landmarks": ["RASI", "LPSI", "C7"]}
    assert assumed(whole) == ()
    assert "pelvis tilt" in assumed({**whole, "landmarks": ["RASI", "LASI", "SACR"]})[0]
    assert "no static trial" in assumed({**whole, "standing": False})[0]
