"""A network camera: OpenCV's own RTSP client against a small server that asks for a password."""

import base64
import socketserver
import struct
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import cv2
import numpy as np
import pytest

from edge.adapters.camera import Grabber
from edge.adapters.camera_devices import OpenCvDevice
from edge.core.camera_source import parse_source
from firmware_sim.clock import NS, VirtualClock

SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\n"
GRANTED = "Basic " + base64.b64encode(b"admin:geheim").decode()
PLAY = "RTP-Info: url=x;seq=0;rtptime=0\r\n"


def rtp_jpeg(image: Any, number: int) -> bytes:
    """One picture as one RTP packet (RFC 2435, its own tables), framed for RTSP over TCP."""
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    tables, at = b"", 2
    while jpeg[at + 1] != 0xDA:
        size = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        tables += jpeg[at + 5 : at + 2 + size] if jpeg[at + 1] == 0xDB else b""
        at += 2 + size
    scan = jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") : -2]
    height, width = image.shape[:2]
    header = struct.pack("!BBHII", 0x80, 0x80 | 26, number & 0xFFFF, number * 3600, 1)
    header += struct.pack("!IBBBB", 0, 1, 255, width // 8, height // 8)
    packet = header + struct.pack("!HH", 0, len(tables)) + tables + scan
    return b"$\0" + struct.pack("!H", len(packet)) + packet


class Camera(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.level, self.unplugged = 50, Event()


class Conversation(socketserver.StreamRequestHandler):
    server: Camera

    def handle(self) -> None:
        while (request := self._request()) is not None:
            method, headers = request
            if method == "PLAY":
                return self._play(headers["cseq"])
            self._answer(method, headers)

    def _request(self) -> tuple[str, dict[str, str]] | None:
        lines: list[str] = []
        while (line := self.rfile.readline().decode().strip()) or not lines:
            if not line:
                return None
            lines.append(line)
        pairs = (line.split(":", 1) for line in lines[1:])
        return lines[0].split()[0], {name.lower(): value.strip() for name, value in pairs}

    def _answer(self, method: str, headers: dict[str, str]) -> None:
        if method == "DESCRIBE" and headers.get("authorization") != GRANTED:
            return self._say("401 Unauthorized", headers, 'WWW-Authenticate: Basic realm="x"\r\n')
        body = SDP if method == "DESCRIBE" else ""
        more = "Content-Type: application/sdp\r\n" if body else "Public: DESCRIBE, SETUP, PLAY\r\n"
        if method == "SETUP":
            more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
        self._say("200 OK", headers, more, body)

    def _say(self, status: str, headers: dict[str, str], more: str, body: str = "") -> None:
        length = f"Content-Length: {len(body)}\r\n"
        said = f"RTSP/1.0 {status}\r\nCSeq: {headers['cseq']}\r\n{more}{length}\r\n{body}"
        self.wfile.write(said.encode())

    def _play(self, cseq: str) -> None:
        self._say("200 OK", {"cseq": cseq}, "Session: 1\r\n" + PLAY)
        number = 0
        while not self.server.unplugged.wait(0.02):
            picture = np.full((48, 64, 3), self.server.level, np.uint8)
            try:
                self.wfile.write(rtp_jpeg(picture, number))
            except OSError:
                return
            number += 1


@pytest.fixture
def camera() -> Iterator[Camera]:
    with Camera() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.unplugged.set()
        server.shutdown()
        thread.join()


def grabber(camera: Camera, password: str, clock: VirtualClock) -> Grabber:
    url = f"rtsp://admin:{password}@127.0.0.1:{camera.server_address[1]}/live"
    return Grabber(OpenCvDevice(parse_source(url)), clock.now_ns)


def test_a_network_camera_comes_up_goes_away_and_comes_back(camera: Camera) -> None:
    clock = VirtualClock()
    source = grabber(camera, "geheim", clock)
    assert source.turn() < 1
    frame = source.latest()
    assert frame is not None
    assert frame.image.shape == (48, 64, 3)
    assert abs(int(frame.image[24, 32, 1]) - 50) <= 2

    camera.unplugged.set()
    for _ in range(200):
        if source.fault:
            break
        source.turn()
    assert (source.fault, source.latest()) == ("camera", None)

    camera.unplugged.clear()
    camera.level = 200
    clock.advance_to(NS)
    source.turn()
    back = source.latest()
    assert back is not None
    assert abs(int(back.image[24, 32, 1]) - 200) <= 2
    source.close()


def test_a_network_camera_that_refuses_the_password_is_lost_and_nothing_shows_it(
    camera: Camera, capfd: pytest.CaptureFixture[str]
) -> None:
    source = grabber(camera, "wrong-one", VirtualClock())
    assert source.turn() == 1.0
    assert source.fault == "camera"
    assert "wrong-one" not in "".join(capfd.readouterr())
