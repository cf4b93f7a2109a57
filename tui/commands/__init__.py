"""Commands of the shell: each a function that prints and returns an exit code."""
