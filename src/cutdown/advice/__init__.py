"""What a run's own figures say should be set otherwise; nothing where nothing would have helped."""

from cutdown.advice.advise import Advice, Finding, advices, advise, troubled
from cutdown.advice.case import Case, Machine, this_machine

__all__ = ["Advice", "Case", "Finding", "Machine", "advices", "advise", "this_machine", "troubled"]
