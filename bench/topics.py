"""Finds the phrases that `topics --write FOLDER` left, with pyahocorasick and flashtext.

    python -m venv .venv && .venv/bin/pip install pyahocorasick flashtext
    .venv/bin/python topics.py FOLDER

pyahocorasick finds every occurrence, so its count must equal the one that the Rust program printed. flashtext finds the
longest phrase at each place and goes on behind it, so its count is smaller. The text is normalised already; neither
is charged for that, nor for reading files. MB/s are megabytes of text per second, the best of several rounds.
"""

import sys
import time
from pathlib import Path

import ahocorasick
import flashtext

ROUNDS = 5


def best(run):
    """The result of run(), and the shortest time it took."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return result, min(times)


def main():
    for text in sorted(Path(sys.argv[1]).glob("*.text")):
        content = text.read_text()
        size = len(content.encode())
        segments = content.splitlines()
        phrases = text.with_suffix(".phrases").read_text().split("\n")

        automaton = ahocorasick.Automaton()
        keywords = flashtext.KeywordProcessor(case_sensitive=True)
        # flashtext takes a word to end at any other character: these belong to words here.
        for mark in "'-.,&$%/+@#:;!?*()":
            keywords.add_non_word_boundary(mark)
        for phrase in phrases:
            automaton.add_word(f" {phrase} ", phrase)
            keywords.add_keyword(phrase)
        automaton.make_automaton()
        spaced = [f" {segment} " for segment in segments]

        print(f"{text.stem}: {size} bytes, {len(phrases)} phrases")
        contestants = {
            "pyahocorasick": lambda: sum(1 for line in spaced for _ in automaton.iter(line)),
            "flashtext": lambda: sum(len(keywords.extract_keywords(line)) for line in segments),
        }
        for name, run in contestants.items():
            hits, seconds = best(run)
            print(f"  {name:<15} {size / seconds / 1e6:8.1f} MB/s  {hits} hits")


if __name__ == "__main__":
    main()
