"""Places 场: stores, and the doors people come in by."""
