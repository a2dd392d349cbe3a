"""What bench/run.py is made of: benchmarks, their results, and the page that shows them."""
