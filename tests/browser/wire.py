"""The wire between a browser and the stack, which can be cut: a browser's own "offline" leaves open connections as they are."""

import contextlib
import selectors
import socket
import threading


class Wire:
    """Passes connections to loopback's port `to` on, until it is cut."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._whole = True
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break all connections; new ones break at once."""
        with self._lock:
            self._whole = False
            broken, self._open = self._open, set()
        for each in broken:
            _end(each)

    def mend(self) -> None:
        """Let new connections through."""
        with self._lock:
            self._whole = True

    def close(self) -> None:
        self.cut()
        _end(self._listening)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=[near], daemon=True).start()

    def _pass_on(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near, socket.create_connection(("127.0.0.1", self._to)) as far:
            with self._lock:
                if not self._whole:
                    return
                self._open |= {near, far}
            with selectors.DefaultSelector() as ready:
                ready.register(near, selectors.EVENT_READ, far)
                ready.register(far, selectors.EVENT_READ, near)
                while True:
                    for key, _ in ready.select():
                        piece = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                        if not piece:
                            return
                        key.data.sendall(piece)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for it
    connection.close()
