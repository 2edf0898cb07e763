"""Pictures of plates and of cars that carry them: what the cameras of a simulated lot see."""
