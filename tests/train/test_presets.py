import pytest

from kinesynth_train.presets import Phase, Preset


def test_epochs_become_steps() -> None:
    phase = Phase("frame", 4, 8, 1e-3, 1e-5, epochs=3, accumulate=2)
    assert phase.epoch_steps(1000) == 16  # 1000 frames, 64 a step
    preset = Preset(None, None, (phase, Phase("sequence", 4, 1, 1e-3, 1e-5, steps=7)))
    assert [phase.steps for phase in preset.with_frames(1000).phases] == [48, 7]
    assert preset.with_frames(1000).with_steps(110).steps == 110


def test_rates_by_hand() -> None:
    assert Phase("", 1, 1, 5e-5, 5e-5, steps=10, schedule="constant").rate(7) == 5e-5
    cosine = Phase("", 1, 1, 1.0, 0.0, steps=10)
    assert [cosine.rate(step) for step in (0, 5, 10)] == pytest.approx([1.0, 0.5, 0.0])
    steps = Phase("", 1, 1, 1.0, 0.01, steps=10, schedule="exponential")
    assert [steps.rate(step) for step in (0, 5, 10)] == pytest.approx([1.0, 0.1, 0.01])
    epochs = Phase("", 1, 1, 1.0, 0.01, steps=30, epochs=3, schedule="exponential")
    assert [epochs.rate(step) for step in (0, 9, 10, 19, 20, 29)] == pytest.approx([1.0, 1.0, 0.1, 0.1, 0.01, 0.01])
    warm = Phase("", 1, 1, 1.0, 1.0, steps=10, schedule="constant", warmup=4)
    assert [warm.rate(step) for step in range(5)] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    short = Phase("", 1, 1, 1.0, 1.0, steps=6, schedule="constant", warmup=1000)
    assert [short.rate(step) for step in range(6)] == pytest.approx([1 / 3, 2 / 3, 1.0, 1.0, 1.0, 1.0])
