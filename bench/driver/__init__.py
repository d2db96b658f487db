"""The benchmark: sets up, starts one engine or server after the other, records, reports."""
