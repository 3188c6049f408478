"""Where all markers most probably are, given some."""

import torch

from kinesynth_train.networks.marker_space import MarkerSpace


def bodies(count: int, seed: int) -> torch.Tensor:
    """Return markers (count, 30, 3) m of bodies that differ in three ways."""
    ways = 0.1 * torch.randn(3, 30, 3, generator=torch.Generator().manual_seed(0))
    amounts = torch.randn(count, 3, generator=torch.Generator().manual_seed(seed))
    return torch.linspace(0.0, 1.8, 90).reshape(30, 3) + torch.einsum("nk,kmc->nmc", amounts, ways)


def fitted() -> MarkerSpace:
    space = MarkerSpace(30, 3)
    space.fit(bodies(4000, 1))
    return space


def test_components_give_the_markers_back() -> None:
    space, markers = fitted(), bodies(20, 2)
    along, apart = space(markers, torch.ones(20, 30, dtype=torch.bool))
    found = space.mean + torch.einsum("mck,nk->nmc", space.axes, along) + apart[:, None]
    assert (found - markers).norm(dim=-1).mean() < 0.005
    assert apart.norm(dim=-1).mean() < 0.02


def test_it_matters_little_which_markers_are_seen_and_nothing_where_they_are() -> None:
    space, markers = fitted(), bodies(20, 3)
    everything = torch.ones(20, 30, dtype=torch.bool)
    some = everything.clone()
    some[:, ::3] = False
    whole, place = space(markers, everything)
    few, _ = space(markers.where(some[..., None], 0.0), some)
    assert (few - whole).abs().max() < 0.3
    moved, there = space(markers + torch.tensor([3.0, 0.5, -8.0]), everything)
    torch.testing.assert_close(moved, whole, atol=2e-2, rtol=0)
    torch.testing.assert_close(there - place, torch.tensor([3.0, 0.5, -8.0]).expand(20, 3), atol=2e-2, rtol=0)


def test_who_wears_nothing_is_like_the_mean() -> None:
    along, _ = fitted()(torch.zeros(2, 30, 3), torch.zeros(2, 30, dtype=torch.bool))
    assert (along == 0.0).all()
