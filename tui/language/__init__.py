"""What is typed on the command line: one grammar, its words, and the line itself."""
