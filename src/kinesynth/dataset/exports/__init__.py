"""The formats of other programs that shards are exported to: one file each, with a function `write`."""
