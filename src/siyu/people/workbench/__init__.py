"""The workbench of staff: jobs under way and the filters they keep. Owns table saved_filters."""

from siyu.people.workbench import filters_console, jobs_console
from siyu.people.workbench.filters import SavedFilter, keep, remove, saved

routes = [*jobs_console.routes, *filters_console.routes]

__all__ = ["SavedFilter", "keep", "remove", "routes", "saved"]
