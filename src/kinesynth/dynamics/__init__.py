"""Forces and muscles: ground reaction, inverse dynamics, static optimization, and their validity."""
