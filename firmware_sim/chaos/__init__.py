"""The real processes of an installation under faults, and what is left when they have healed."""
