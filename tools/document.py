"""Tables that commands write into the pages of docs/."""

from collections.abc import Sequence
from pathlib import Path

from kinesynth.atomic import write_text


def fill(page: Path, name: str, lines: Sequence[str]) -> None:
    """Replace what stands in `page` between `<!-- name: begin -->` and `<!-- name: end -->`.

    Raises:
        ValueError: the page lacks these marks.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{page}: expected {begin} and {end}")
    write_text(page, before + "\n".join([begin, *lines, end]) + after)
