"""From a value to a grade: indicators, scoring, weighting, grading, and the scorecard that joins them."""
