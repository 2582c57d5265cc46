"""Files of a service: rows exported to a tree of them."""
