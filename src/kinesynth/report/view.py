"""`kinesynth view`: one clip with its labels over the pixels, as a video or a page."""

from pathlib import Path

from kinesynth.atomic import atomic_path, write_text
from kinesynth.errors import BadInput
from kinesynth.report.clip_section import clip_part, open_clip
from kinesynth.report.templates import page
from kinesynth.report.video import clip_video


def view(shard: Path, clip: str, *, output: Path | None = None) -> None:
    """Show a clip: all views with skeleton, muscles and forces over the pixels, activations and forces beside them.

    Args:
        shard: the HDF5 file.
        clip: the clip's name.
        output: a .mp4 or a .html file; default: <clip>.html here.

    Raises:
        BadInput: the file is no shard, has no such clip, or the output is of another kind.
    """
    target = output or Path(f"{clip}.html")
    if target.suffix == ".mp4":
        record, skeleton, person = open_clip(shard, clip)
        with atomic_path(target) as temporary:
            temporary.write_bytes(clip_video(record, skeleton, float(person["mass_kg"])))
    elif target.suffix == ".html":
        write_text(target, page("view.html", clip=clip_part(shard, clip, with_video=True)))
    else:
        raise BadInput(target, "suffix", repr(target.suffix), ".mp4 or .html", "name the output so")
