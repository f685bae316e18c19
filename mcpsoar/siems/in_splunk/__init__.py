"""What the pack for Splunk is made of."""
