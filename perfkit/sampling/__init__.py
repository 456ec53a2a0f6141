"""Design and draw: size, allocation, selection with permanent random numbers."""
