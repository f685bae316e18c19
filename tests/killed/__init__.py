"""A containment of several servers on a slow plane, killed at one moment after another and resumed."""
