import torch

from kinesynth_train.occlusion import Occlusion, occluded


def pictures(count: int, size: int = 32) -> torch.Tensor:
    """People as squares of a colour of their own, before black."""
    made = torch.zeros(count, 4, size, size, dtype=torch.uint8)
    for number in range(count):
        made[number, :3, 8:24, 8:24] = 50 + 20 * number
        made[number, 3, 8:24, 8:24] = 255
    return made


def test_half_of_the_pictures_have_something_before_them() -> None:
    torch.manual_seed(0)
    here = pictures(8).repeat(25, 1, 1, 1)
    there = occluded(here, Occlusion())
    changed = (there != here).flatten(1).any(dim=1)
    assert 60 < int(changed.sum()) < 140
    assert torch.equal(there[:, 3], here[:, 3])  # the mask stays the person's


def test_what_is_pasted_is_another_persons() -> None:
    torch.manual_seed(0)
    there = occluded(pictures(8).repeat(10, 1, 1, 1), Occlusion(share=1.0))
    colours = {int(value) for value in there[:, 0].unique()}
    assert {50 + 20 * number for number in range(8)} <= colours


def test_fields_of_noise_have_the_size_that_is_said() -> None:
    torch.manual_seed(0)
    black = torch.zeros(400, 4, 64, 64, dtype=torch.uint8)  # nobody on it: nothing to paste
    there = occluded(black, Occlusion(share=1.0))
    fraction = (there[:, :3] != 0).any(dim=1).float().mean(dim=(1, 2))
    assert fraction.max() < 1.0 / 3.0 + 0.03
    assert fraction.max() > 0.25
    assert 0.3 < float((fraction > 0).float().mean()) < 0.7
