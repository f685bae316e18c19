"""One module per recorded attack; each holds `ATTACK`. The corpus is named after the module, - for _."""
