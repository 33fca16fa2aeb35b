"""Oversight 风险: what stands against the law, found every day and by reading every text; who answered for it until when;
and the chain of evidence. Owns tables risks, risk_overrides, oversight_settings, oversight_days and evidence.

It reads what the rooms below it keep and changes nothing of theirs.
"""

from siyu.growth.oversight.chaining import Broken, Link, evidence_wrong, keep_evidence, last_link
from siyu.growth.oversight.model import Figures, Risk, Settings
from siyu.growth.oversight.overriding import override
from siyu.growth.oversight.queries import days, open_count, risks, settings
from siyu.growth.oversight.sweeping import JOBS, SWEEPS, look, read_texts
from siyu.growth.oversight.tuning import save_settings

__all__ = [
    "JOBS",
    "SWEEPS",
    "Broken",
    "Figures",
    "Link",
    "Risk",
    "Settings",
    "days",
    "evidence_wrong",
    "keep_evidence",
    "last_link",
    "look",
    "open_count",
    "override",
    "read_texts",
    "risks",
    "save_settings",
    "settings",
]
