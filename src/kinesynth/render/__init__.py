"""Pictures: the fitted body in clothes, in a lit room, seen by calibrated cameras."""
