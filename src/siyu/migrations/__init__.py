"""The schema, forward only, one numbered file per step. Ships in the package, so `siyu migrate` always works."""
