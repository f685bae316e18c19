"""Elastic: what its documents promise of ES|QL, of mappings and of pipelines, and nothing else.

Supported from 9.2 on. The newest of what is used: MV_CONTAINS (9.2, a preview) and LOOKUP JOIN (9.1).
INLINE STATS (9.2, a preview) gives two detections one number for all rows; no other preview is used.
"""

OLDEST = "9.2"
LONGEST = 2**63  # numbers beyond are no long; which type they are is not documented
