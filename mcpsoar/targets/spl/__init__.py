"""What Splunk is told: expressions, calculated fields, and gates, over normalised events."""
