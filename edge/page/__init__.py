"""The gateway's own small web page, for a phone at the kerb."""
