"""How a tester judges a detector; `firmware_sim.score` is the front door."""
