"""One module per attack; each holds `ATTACK`. The corpus is named after the module, - for _."""
