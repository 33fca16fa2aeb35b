"""Insight 数: the lake, the metrics defined once over it, and the pages that show them."""
