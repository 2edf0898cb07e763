"""What a power cut leaves of our files, and whether the real adapters can go on from there."""
