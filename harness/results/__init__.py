"""What is made of results on file: selection, merging, comparison, and how numbers are shown."""
