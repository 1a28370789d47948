"""What a person sees in a terminal: live progress, the plan, the summary, errors."""
