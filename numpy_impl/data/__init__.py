"""MNIST, and the function that reads it."""

from numpy_impl.data.mnist import load_mnist as load_mnist
