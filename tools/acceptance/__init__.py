"""What the project promises, measured: one module per topic, one figure per promise, each held against its bar."""
