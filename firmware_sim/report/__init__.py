"""One page, and one JUnit file, of a replay: what was reported, over what the sensors saw."""
