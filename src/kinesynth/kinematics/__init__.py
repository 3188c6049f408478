"""From marker positions to the scaled skeleton and its joint angles."""
