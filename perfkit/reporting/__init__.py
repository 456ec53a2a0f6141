"""Notebooks into documents: what a notebook shows, orders, batches and their export. Knows nothing of scores."""
