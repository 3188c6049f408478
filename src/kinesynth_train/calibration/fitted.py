"""A calibration made to fit the pictures of a video, which may be smaller, turned or a few columns narrower."""

from dataclasses import replace

from kinesynth.errors import BadInput
from kinesynth_train.calibration.camera import Camera, resized, turned

SAME_ASPECT = 0.005
MAX_CROPPED = 0.02  # of a side: encoders cut pictures to whole blocks of 8 or 16 px


def fit_to_video(camera: Camera, width: int, height: int, video: str) -> tuple[Camera, list[str]]:
    """Return the camera of a video's pictures, and what was taken for granted.

    Pictures of another size but the same shape were resampled. Those whose sides are swapped were turned, by the
    quarter turn after which the camera stands more nearly upright. Those a few px narrower or lower were cut at the
    right and at the bottom, where encoders cut.

    Raises:
        BadInput: the sizes do not fit.
    """
    notes = []
    if (camera.width > camera.height) != (width > height) and width != height and camera.width != camera.height:
        if camera.K[0, 1]:
            found, fix = f"{width} x {height}", "turn the video, or calibrate without skew"
            raise BadInput(video, "size", found, f"{camera.width} x {camera.height}, of a camera with skew", fix)
        quarters = max((1, 3), key=lambda count: -turned(camera, count).world_to_camera[1, 1])
        camera = turned(camera, quarters)
        notes.append(f"its calibration is for pictures on their side and was turned by {90 * quarters} degrees")
    if (camera.width, camera.height) == (width, height):
        return camera, notes
    across, down = width / camera.width, height / camera.height
    cut = (camera.width - width, camera.height - height)
    if min(cut) >= 0 and max(cut[0] / camera.width, cut[1] / camera.height) <= MAX_CROPPED:
        note = f"{width} x {height}, calibrated with {camera.width} x {camera.height}: taken to be cut right and below"
        return replace(camera, width=width, height=height), [*notes, note]
    if abs(across / down - 1) <= SAME_ASPECT:
        note = f"{width} x {height}, calibrated with {camera.width} x {camera.height}: taken to be resampled"
        return resized(camera, width, height), [*notes, note]
    found = f"{width} x {height}"
    expected = f"{camera.width} x {camera.height} or the same shape in another size"
    raise BadInput(video, "size", found, expected, f"give the video that camera {camera.name} was calibrated with")
