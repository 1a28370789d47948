"""The picture of a run's time: what counts, what is left out, and that widths are shares."""

from __future__ import annotations

import re

import pytest

from benchmarks.flame_graph import Call, picture

STACKS = """\
process 7:"python -m flows";run (threading.py);work (cutdown/a.py);encode (av/b.py);inner (av/c.py);deep (av/d.py) 60
process 7:"python -m flows";run (threading.py);work (cutdown/a.py) 20
process 7:"python -m flows";run (threading.py);work (cutdown/a.py);Condition.wait (threading.py) 500
process 7:"python -m flows";main (x.py);run (cutdown/media/ffmpeg.py);EpollSelector.select (selectors.py) 15
process 7:"python -m flows";main (x.py);flow (prefect/engine.py) 4
process 7:"python -m flows";main (x.py);_find_and_load (<frozen importlib._bootstrap>) 1
""".splitlines()


def test_a_thread_that_waits_is_left_out_but_not_one_whose_program_works() -> None:
    root = Call.of(STACKS)
    assert root.looks == 100
    work = root.calls["work (cutdown/a.py)"]
    assert work.looks == 80
    assert [*work.calls["encode (av/b.py)"].calls] == ["inner (av/c.py)"]
    assert root.depth == 4  # nothing below the second call of a library
    assert root.calls["run (cutdown/media/ffmpeg.py)"].looks == 15
    assert root.calls["Prefect in the run"].looks == 4
    assert root.calls["Python: start and imports"].looks == 1


def test_the_picture_s_widths_are_shares() -> None:
    svg = picture(Call.of([*STACKS, "rare (cutdown/<b>.py) 0"]))
    boxes = re.findall(r'<title>([^<]*)</title><rect [^>]*width="([\d.]+)"', svg)
    widths = {title: float(width) for title, width in boxes}
    whole = widths["the whole run: 100.0%"]
    assert widths["work (cutdown/a.py): 80.0%"] / whole == pytest.approx(0.8, abs=0.01)
    assert widths["Python: start and imports: 1.0%"] / whole == pytest.approx(0.01, abs=0.001)
    assert not any("rare" in title for title in widths)
