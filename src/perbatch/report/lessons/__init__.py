"""What the page lets its reader try: one step, a network of their own, and the words for both."""
