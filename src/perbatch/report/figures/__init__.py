"""The report's figures, one module each: Altair charts drawn as SVG, each with a text of what it shows."""
