"""Forces and muscles: ground reaction, inverse dynamics, static optimization and what may be believed of them."""
