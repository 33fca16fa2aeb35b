"""The insight pages of the console and their JSON: dashboard, cohorts, RFM, and the rows behind every number."""

from siyu.insight.dashboards import api, console

routes = [*console.routes, *api.routes]

__all__ = ["routes"]
