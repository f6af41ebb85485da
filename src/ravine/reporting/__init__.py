"""Records read and shown: the leaderboard for a terminal. No JAX here; importing this imports nothing.

terminal.py   leaderboard_text
verdict.py    verdict: one paragraph in plain words
strips.py     strips: score against learning rate, one line per optimizer
scores.py     how numbers are written
"""
