"""The scenario language: text in, scenarios out, or every problem with its place."""
