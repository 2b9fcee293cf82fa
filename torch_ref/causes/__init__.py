"""Slips, and what they make of a result: those of every layer, and those that one layer is known for."""
