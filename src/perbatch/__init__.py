"""When is back-propagation applied, and what does that choice cost? An experiment platform that measures it."""
