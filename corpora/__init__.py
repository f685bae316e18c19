"""Corpora for detections: recorded through the lab's gateway, never invented. `python -m corpora record`."""
