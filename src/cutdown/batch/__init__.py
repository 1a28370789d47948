"""Many recordings: which of a folder's or bucket's are to be done, by whom, and what came of it."""
