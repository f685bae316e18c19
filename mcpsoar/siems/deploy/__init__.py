"""Deploying a pack by the SIEM's own API, three ways: last applied, wanted, and live."""
