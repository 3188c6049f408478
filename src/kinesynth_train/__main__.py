"""`python -m kinesynth_train`, which torchrun takes: torchrun --nproc-per-node 8 -m kinesynth_train fit ..."""

from kinesynth_train.cli import main

if __name__ == "__main__":
    main()
