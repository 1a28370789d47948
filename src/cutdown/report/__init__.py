"""One page that shows what became of a recording: a file, with nothing fetched from anywhere."""

from cutdown.report.page import write_report

__all__ = ["write_report"]
