"""The ball body, loaded as any other."""

from ball_body import body, body_path, layer

__all__ = ["body", "body_path", "layer"]
