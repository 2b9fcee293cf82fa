"""What says what is right: autograd, and many digits."""
