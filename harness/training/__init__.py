"""One training: fitting, cross-fitting, and the parting of items into folds."""
