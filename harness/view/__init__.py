"""A local, read-only viewer of a store: runs, cells, and the samples behind them."""
