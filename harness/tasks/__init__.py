"""From task files to tasks: schema, index, libraries, and the data that tasks read."""
