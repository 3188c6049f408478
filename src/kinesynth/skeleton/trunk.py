"""Which bodies go with the trunk above the loins: shoulder blades glide over it and keep its orientation."""

SHOULDER_BLADES = ("scapula_r", "scapula_l")
TRUNK_BODIES = ("torso", *SHOULDER_BLADES)
