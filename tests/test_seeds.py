"""Generators depend on what they are for and on nothing else."""

from kinesynth.seeds import generator


def test_same_keys_same_numbers() -> None:
    assert generator(1, "walk", "render").random(4).tolist() == generator(1, "walk", "render").random(4).tolist()


def test_every_key_matters() -> None:
    draws = {
        float(generator(*keys).random())
        for keys in [
            (1, "walk", "render"),
            (2, "walk", "render"),
            (1, "run", "render"),
            (1, "walk", "motion"),
            (1, "walkrender"),
        ]
    }
    assert len(draws) == 5
