"""The one value for gravity, in forces, motions and checks alike."""

GRAVITY = 9.80665  # m/s^2, standard gravity
