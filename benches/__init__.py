"""Measurements: what is claimed about speed is measured here. Nothing of the product imports this."""
