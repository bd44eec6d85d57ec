"""What reads data sets: one module a source, whose function `read` a file of conf/data/ names."""
