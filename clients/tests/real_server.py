"""The real server as a child process, and a wire to it that can be cut."""

import contextlib
import json
import pathlib
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Callable

JSON, NDJSON = "application/json", "application/x-ndjson"


class Site:
    """A data folder with one tenant, and the server in front of it, which can be killed and started again."""

    def __init__(self, program: str, folder: pathlib.Path):
        self.program, self.data = program, folder / "data"
        made = self.run("tenant", "create", "acme")
        self.token = next(line for line in made.splitlines() if line.startswith("tl_"))
        self.server: subprocess.Popen[str] | None = None
        self.address = ("127.0.0.1", 0)
        self.start()

    def run(self, *words: str) -> str:
        command = [self.program, *words, "--data", str(self.data)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self) -> None:
        command = [self.program, "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.address[1]}"]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.server.stdout.readline()
        self.address = ("127.0.0.1", int(line.split("http://127.0.0.1:")[1].split()[0]))

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        if self.server is not None:
            self.server.kill()
            self.server.wait()
            self.server = None

    def call(self, method: str, path: str, body: object = None, content_type: str = JSON) -> str:
        """Asks the native API; a body that is a text goes as it is."""
        data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        url = f"http://127.0.0.1:{self.address[1]}/api/touchline/v1{path}"
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)) as answer:
            return answer.read().decode()

    def tell(self, events: list[dict]) -> dict:
        """Sends events and returns the summary."""
        lines = self.call("POST", "/events", "\n".join(map(json.dumps, events)), NDJSON).splitlines()
        return json.loads(lines[-1])["summary"]


class Wire:
    """Carries bytes between clients and the server, and is cut when told."""

    def __init__(self, site: Site):
        self.site = site
        # After so many bytes of an answer to a request for this path, this is done and the connection cut.
        self.accident: tuple[str, int, Callable[[], None]] | None = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(self.site.address)
            except OSError:
                client.close()
                continue
            # Bytes of the answer that is to be cut; none while it is not asked for.
            doomed: list[int] = []
            for one, other, carry in ((client, server, self.ask), (server, client, self.answer)):
                threading.Thread(target=self.carry, args=(one, other, carry, doomed), daemon=True).start()

    def ask(self, data: bytes, doomed: list[int]) -> bytes | None:
        if self.accident and self.accident[0].encode() in data:
            doomed[:] = [0]
        return None

    def answer(self, data: bytes, doomed: list[int]) -> bytes | None:
        if not (self.accident and doomed):
            return None
        _, most, action = self.accident
        carried = doomed[0]
        doomed[0] += len(data)
        if doomed[0] <= most:
            return None
        self.accident = None
        action()
        return data[: most - carried]

    def carry(
        self,
        one: socket.socket,
        other: socket.socket,
        look: Callable[[bytes, list[int]], bytes | None],
        doomed: list[int],
    ) -> None:
        """Carries in one direction, until `look` says what the last bytes are."""
        try:
            while data := one.recv(4096):
                last = look(data, doomed)
                other.sendall(data if last is None else last)
                if last is not None:
                    break
        except OSError:
            pass
        finally:
            for end in (one, other):
                # Closing alone would wait for the thread that reads from it.
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
