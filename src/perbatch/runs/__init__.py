"""What one run is: its config and checks, identity, names, folder, training, and score on test data."""
