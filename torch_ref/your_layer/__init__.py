"""A user's own layer: loaded, made, matched with its PyTorch twin, examined, and its mistakes reported in words."""
