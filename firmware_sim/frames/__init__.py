"""What the cameras of a simulated lot see.

optics (a pinhole) -> vehicles (cars and their plates), skies (light, rain) -> painting (one frame)
-> lots (the camera of a seeded lot, at any time) -> source (for a gateway), pictures (beside a
trace), reading (a trace's pictures through the real eye).
"""
