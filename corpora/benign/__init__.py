"""Twelve days of honest work: people, services and agents, upgrades, mistakes. Nothing in it is an attack."""
