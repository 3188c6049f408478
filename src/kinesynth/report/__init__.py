"""The report: one page that shows what was made, and how good it is."""
