"""Coverage as a layer of the ATLAS Navigator: a technique's score is how much content carries it.

Format: layer 4.5, https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md;
its domain for ATLAS is the one of the layers that MITRE publishes with the ATLAS data, "atlas-atlas".
"""

from mcpsoar.app.blindspots import shown
from mcpsoar.app.coverage import Coverage
from mcpsoar.core.digest import Facts

_LAYER = "4.5"
_NAVIGATOR = "4.9.0"  # the least that reads this layer format
_NONE, _FEW, _MANY = "#f4b6b0", "#cfe3c8", "#4f9a52"


def layer(coverage: Coverage) -> Facts:
    """One layer. A technique that belongs to a risk and has no content stands in it with the score 0."""
    scored = [
        (technique, coverage.of_technique("atlas", technique)) for technique in coverage.techniques("atlas")
    ]
    most = max((len(items) for _, items in scored), default=0)
    return {
        "name": "mcpsoar coverage",
        "versions": {"navigator": _NAVIGATOR, "layer": _LAYER},
        "domain": "atlas-atlas",
        "description": "Rules and detections by technique; the score is their number, 0 is a blind spot.",
        "techniques": [
            {
                "techniqueID": shown("atlas", technique),
                "score": len(items),
                "comment": ", ".join(item.id for item in items) or "no rule or detection carries it",
                "enabled": True,
                "metadata": [{"name": item.id, "value": f"{item.level}: {item.title}"} for item in items],
                "links": [
                    {
                        "label": shown("atlas", technique),
                        "url": f"https://atlas.mitre.org/techniques/{shown('atlas', technique)}",
                    }
                ],
            }
            for technique, items in scored
        ],
        "gradient": {"colors": [_NONE, _FEW, _MANY], "minValue": 0, "maxValue": max(most, 1)},
        "legendItems": [
            {"label": "no content", "color": _NONE},
            {"label": f"{most} rules and detections", "color": _MANY},
        ],
        "selectSubtechniquesWithParent": False,
        "metadata": [{"name": "atlas_data_version", "value": coverage.field.atlas_version}],
    }
