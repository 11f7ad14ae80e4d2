"""The command line: one module a command, each a typed parser and a plain function."""
