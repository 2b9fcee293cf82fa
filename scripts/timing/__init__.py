"""What benchmark.py is made of: contenders, taking turns."""
