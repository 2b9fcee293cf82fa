"""A layer of somebody else's: made, matched with PyTorch's module, examined, and what is wrong said in words."""
