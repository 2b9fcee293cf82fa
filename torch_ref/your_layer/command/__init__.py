"""The command check-layer: its options, the process that its user sees, and the one that runs the user's code."""
