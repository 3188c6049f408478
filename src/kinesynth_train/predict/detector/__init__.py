"""People's 2-D points in pictures, by networks whose weights are fetched on first use."""
