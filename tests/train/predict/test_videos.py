"""Videos as phones and editors leave them: turned, trimmed, broken off, damaged."""

from pathlib import Path

import av
import numpy as np
import pytest
from test_predict_verb import write_video

from kinesynth.errors import BadInput
from kinesynth_train.predict.videos import open_video

FRAMES = 40


def noisy_video(path: Path, *, head_first: bool = False) -> Path:
    """Write a video whose brightness counts the frames, with a noisy rim that keeps its packets large."""
    options = {"movflags": "faststart"} if head_first else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("h264", rate=60, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for frame in range(FRAMES):
            pixels = np.full((48, 64, 3), 5 * frame, np.uint8)
            pixels[:8] = np.random.default_rng(frame).integers(0, 255, (8, 64, 3))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def trimmed(path: Path, source: Path, frames: int) -> Path:
    """Copy a video without its first frames, as phones do: they stay in the file, and an edit list hides them."""
    with av.open(str(source)) as given, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.pts -= frames * packet.duration
                packet.dts -= frames * packet.duration
                packet.stream = stream
                container.mux(packet)
    return path


def test_frames_that_were_trimmed_off_do_not_count(tmp_path: Path) -> None:
    video = open_video(trimmed(tmp_path / "b.mp4", noisy_video(tmp_path / "a.mp4"), 6))
    assert len(video.times) == FRAMES - 6
    np.testing.assert_allclose(np.diff(video.times), 1 / 60, atol=1e-4)
    shown = {index: float(picture[24:].mean()) for index, picture in video.frames()}
    assert list(shown) == list(range(FRAMES - 6))
    np.testing.assert_allclose(list(shown.values()), 5 * np.arange(6, FRAMES), atol=6)


def test_a_video_that_breaks_off_is_refused_before_any_work(tmp_path: Path) -> None:
    content = noisy_video(tmp_path / "a.mp4", head_first=True).read_bytes()
    (tmp_path / "half.mp4").write_bytes(content[: int(0.7 * len(content))])
    with pytest.raises(BadInput, match=r"half\.mp4: video: found one that breaks off after 0\.\d\d s"):
        open_video(tmp_path / "half.mp4")


def test_a_video_that_broke_off_between_frames_is_told(tmp_path: Path) -> None:
    path = noisy_video(tmp_path / "a.mp4", head_first=True)
    with av.open(str(path)) as container:
        ends = [packet.pos + packet.size for packet in container.demux(video=0) if packet.size]
    (tmp_path / "half.mp4").write_bytes(path.read_bytes()[: ends[29]])
    assert "10 frames that the file's head counts are not there" in open_video(tmp_path / "half.mp4").notes[0]


def test_damage_in_the_middle_is_one_line(tmp_path: Path) -> None:
    path = noisy_video(tmp_path / "a.mp4")
    with av.open(str(path)) as container:
        positions = [packet.pos for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    content[positions[20] : positions[21]] = b"\xff" * (positions[21] - positions[20])
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"a\.mp4: video: found damaged after 0\.3\d of 0\.65 s"):
        list(open_video(path).frames())


def test_a_list_of_files_is_no_video(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", 64, 48)
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile a.mp4\n")
    with pytest.raises(BadInput, match=r"list\.mp4: video: found a list of other files \(concat\)"):
        open_video(tmp_path / "list.mp4")


def test_sound_without_pictures_is_no_video(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for place in range(9):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44100, 1024 * place
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(BadInput, match=r"a\.mp4: video: found no pictures"):
        open_video(tmp_path / "a.mp4")


def test_broken_and_short_videos(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "a.mp4", 64, 48).read_bytes()
    for name, content in (("half.mp4", whole[: len(whole) // 2]), ("empty.mp4", b""), ("text.mp4", b"no video\n" * 9)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput, match=name):
            open_video(tmp_path / name)
    with pytest.raises(BadInput, match="frames"):
        open_video(write_video(tmp_path / "one.mp4", 64, 48, frames=1))
