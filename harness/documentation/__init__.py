"""The documents that travel with the package, in passages that ``harness docs`` finds by words."""
