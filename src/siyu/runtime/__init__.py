"""Machinery without business words: database, units of work, batches, events, jobs, sessions, files."""
