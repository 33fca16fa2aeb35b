"""What states of disputes are called, in Chinese, and the tone of their badges."""

from siyu.web import mark

STATES = {
    "open": (mark("处理中"), "warn"),
    "upheld": (mark("已支持"), "good"),
    "refused": (mark("未支持"), "neutral"),
}
RAISED = {"promoter": mark("推广员提出"), "staff": mark("员工提出")}
