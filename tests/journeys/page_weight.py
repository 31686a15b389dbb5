"""What a visit to a page weighs on the wire: every byte of every answer with its headers, as Chromium counts them."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page


@dataclass
class Weight:
    """Of one visit: bytes by address, and whoever else was asked."""

    bytes_of: dict[str, int] = field(default_factory=dict)
    _addresses: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.bytes_of.values())

    def asked(self, event: dict[str, Any]) -> None:
        self._addresses[event["requestId"]] = event["request"]["url"]
        if before := event.get("redirectResponse"):
            self._add(before["url"], before["encodedDataLength"])

    def loaded(self, event: dict[str, Any]) -> None:
        self._add(self._addresses[event["requestId"]], event["encodedDataLength"])

    def _add(self, address: str, count: float) -> None:
        self.bytes_of[address] = self.bytes_of.get(address, 0) + int(count)


def weigh(page: Page, address: str) -> Weight:
    """Go to the address, and wait until everything that the page asks for is there."""
    session = page.context.new_cdp_session(page)
    weight = Weight()
    session.on("Network.requestWillBeSent", weight.asked)
    session.on("Network.loadingFinished", weight.loaded)
    session.send("Network.enable")
    page.goto(address, wait_until="networkidle")
    session.detach()
    return weight
