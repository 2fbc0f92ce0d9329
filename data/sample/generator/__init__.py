"""Writes the sample project's input and its planted truth; standard library only, everything seeded."""
