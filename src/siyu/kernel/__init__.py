"""Words without I/O: money, ids, time, errors, paging, permissions."""
