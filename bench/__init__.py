"""What users wait for, measured from the outside; each figure is a ratio to a floor in the same run."""
