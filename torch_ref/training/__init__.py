"""Weights and files across the frameworks, and two trainings side by side."""
