"""Candidate models and their blend: pure scoring on arrays, no state, no files."""
