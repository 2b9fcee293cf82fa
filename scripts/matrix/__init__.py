"""The work of kill_matrix.py: the slips against our checks and their rivals, and the right layers against all."""
