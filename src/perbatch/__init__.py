"""When is back-propagation applied, and what does that choice cost? A platform of experiments that answer."""
