"""Tables of the audit log and notices."""
