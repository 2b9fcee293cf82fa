"""What the three compare_ commands share: trainings of both sides, and pictures in which their curves coincide."""
