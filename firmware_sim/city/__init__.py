"""A town on one virtual clock, with a network, disks, processes, clocks and a chain that fail.

One thread, one seed: the same seed is the same run, byte for byte (docs/reliability.md).
"""
