"""D-12: nobody under 16 promotes, and between 16 and 18 only with a guardian's consent (未成年人保护法; 劳动法 art. 15)."""

from siyu.growth.guard.model import Finding

AGE_LEAST = 16
AGE_WITHOUT_CONSENT = 18


def age(years: int, *, has_consent: bool = False, field: str = "id_number") -> list[Finding]:
    """What stands against a promoter of this age in full years, read from the real-name check before the first payout."""
    if years < AGE_LEAST:
        return [
            Finding(
                "D-12",
                "block",
                field,
                "未满 16 周岁，不能成为推广员。",
                "Nobody under 16 may be a promoter.",
                "请在年满 16 周岁后再申请。",
                "Apply again at 16.",
            )
        ]
    if years < AGE_WITHOUT_CONSENT and not has_consent:
        return [
            Finding(
                "D-12",
                "block",
                field,
                "未满 18 周岁，需要监护人同意。",
                "Under 18, a guardian has to consent.",
                "请先提交监护人同意书。",
                "Hand in the guardian's consent first.",
            )
        ]
    return []
