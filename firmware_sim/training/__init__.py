"""Trains the models of edge/models on drawn pictures: `make train-plates`. Needs extra `train`."""
