"""What the scripts share, and the work of those that need one module only."""
