"""What networks and composites share: layers one after another, as one function of x and of all their parameters."""

from numpy_impl.chain.chain import Chain as Chain
