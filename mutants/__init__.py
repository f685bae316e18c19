"""Mutants: every rule, detection and gate broken in every small way; does its proof notice?"""
