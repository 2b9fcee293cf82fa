"""What train_mnist.py and replay.py are made of: two trainings in step, watched, kept and drawn."""
