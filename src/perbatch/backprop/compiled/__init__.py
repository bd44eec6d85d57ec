"""The compiled engine's code. Start reading at `visits`."""
