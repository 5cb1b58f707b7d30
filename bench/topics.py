"""Finds the phrases that `topics --write FOLDER` left, with pyahocorasick and flashtext.

    python -m venv .venv && .venv/bin/pip install pyahocorasick flashtext
    .venv/bin/python topics.py FOLDER

pyahocorasick finds every occurrence, so its count must equal the one that the Rust program printed. flashtext finds the
longest phrase at each place and goes on behind it, so its count is smaller. Neither is charged for reading files. MB/s
are megabytes of normalised text per second, the best of several rounds. Each is measured twice: on text that was
normalised for it, and doing the whole work that `find` does: from the words as spoken to the positions of the first and
last word of every hit.
"""

import bisect
import sys
import time
from pathlib import Path

import ahocorasick
import flashtext

ROUNDS = 5
MARKS = "'\"-.,&$%/+@#:;!?*()[]{}<>=|~^_`"


def normal(line):
    """The tokens of a line as they are compared, and where each begins in the joined line."""
    tokens, starts, at = [], [], 1
    for token in line.split():
        token = token.strip(MARKS).casefold()
        if token:
            tokens.append(token)
            starts.append(at)
            at += len(token) + 1
    return " ".join(tokens), starts


def whole_pyahocorasick(automaton, lines):
    hits = []
    for line in lines:
        joined, starts = normal(line)
        for end, phrase in automaton.iter(f" {joined} "):
            first = bisect.bisect_left(starts, end - len(phrase))
            hits.append((first, bisect.bisect_left(starts, end) - 1, phrase))
    return len(hits)


def whole_flashtext(keywords, lines):
    hits = []
    for line in lines:
        joined, starts = normal(line)
        for phrase, start, end in keywords.extract_keywords(joined, span_info=True):
            hits.append((bisect.bisect_left(starts, start + 1), bisect.bisect_left(starts, end + 1) - 1, phrase))
    return len(hits)


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
        spoken = text.with_suffix(".spoken").read_text().splitlines()

        print(f"{text.stem}: {size} bytes, {len(phrases)} phrases")
        contestants = {
            "pyahocorasick": lambda: sum(1 for line in spaced for _ in automaton.iter(line)),
            "flashtext": lambda: sum(len(keywords.extract_keywords(line)) for line in segments),
            "pyahocorasick, whole work": lambda: whole_pyahocorasick(automaton, spoken),
            "flashtext, whole work": lambda: whole_flashtext(keywords, spoken),
        }
        for name, run in contestants.items():
            hits, seconds = best(run)
            print(f"  {name:<26} {size / seconds / 1e6:8.1f} MB/s  {hits} hits")


if __name__ == "__main__":
    main()
