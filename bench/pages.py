"""datasette on the same table, for the `pages` measurement: rows a second of its JSON pages of 1,000.

    python pages.py            (after `cargo run --release --bin pages`; installs datasette into target/venv)
"""

import json
import pathlib
import subprocess
import sys
import time
import urllib.request
import venv

HERE = pathlib.Path(__file__).parent
ENV = HERE / "target" / "venv"
DATABASE = HERE / "target" / "scratch" / "pages" / "touchline.db"


def main():
    if not (ENV / "bin" / "datasette").exists():
        if not (ENV / "bin" / "pip").exists():
            venv.create(ENV, with_pip=True)
        subprocess.run([ENV / "bin" / "pip", "install", "-q", "datasette"], check=True)
    server = subprocess.Popen(
        [ENV / "bin" / "datasette", DATABASE, "--port", "8899", "--setting", "max_returned_rows", "1000",
         "--setting", "sql_time_limit_ms", "20000", "--setting", "suggest_facets", "off"],
        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        url = "http://127.0.0.1:8899/touchline/contacts.json?_size=1000&_shape=objects&_nocount=1&_nofacet=1"
        for _ in range(100):
            try:
                urllib.request.urlopen("http://127.0.0.1:8899/-/versions.json").read()
                break
            except OSError:
                time.sleep(0.2)
        rows, times, page_url = 0, [], url
        for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 40):
            started = time.monotonic()
            body = urllib.request.urlopen(page_url).read()
            times.append(time.monotonic() - started)
            page = json.loads(body)
            rows += len(page["rows"])
            page_url = page["next_url"].replace(".json.json", ".json") if page.get("next_url") else url
        times.sort()
        print(f"datasette: {rows} rows, median {1000 / times[len(times) // 2]:.0f} rows/s")
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
