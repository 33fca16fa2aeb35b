"""Goods 货: what is sold, and how much of it is where."""
