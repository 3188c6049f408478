"""What the project promises, measured: one module per topic, one metric per promise, each held against its bar."""
