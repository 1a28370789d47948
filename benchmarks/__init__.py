"""What measures speed and quality. The product never imports it."""
