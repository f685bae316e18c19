"""Every fault of networks and planes, on every step, through every connector, in one table."""
