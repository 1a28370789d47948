"""What measures speed and quality. The engine never imports it; one flow, ``flows/benchmark.py``, starts it."""
