"""A real browser: Debian's Chromium, driven by Playwright."""

import os
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

EXECUTABLE = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
AXE = Path(__file__).resolve().parent.parent / "node_modules/axe-core/axe.min.js"

# The widths at which every page is looked at.
PHONE, DESK = 390, 1280


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)


class Chromium:
    """Windows of one browser. `shots` is the folder that screenshots go to."""

    def __init__(self, browser: Browser, shots: Path):
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.shots = shots

    def window(self, url: str, *, width: int = DESK, scripts: bool = True, **more) -> Page:
        """An empty window of somebody who has no cookies yet; addresses may begin at the server's root."""
        context = self._browser.new_context(
            base_url=url, viewport={"width": width, "height": 844}, java_script_enabled=scripts, **more
        )
        context.set_default_timeout(15_000)
        self._contexts.append(context)
        page = context.new_page()
        page.complaints, page.scripts = [], scripts
        page.on("console", lambda said: _is_complaint(said) and page.complaints.append(said.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        return page

    def look(self, page: Page, name: str):
        """Takes pictures of a page at both widths; fails when it is too wide or axe finds something serious."""
        before = page.viewport_size
        name += "" if page.scripts else "-without-scripts"
        for width in (PHONE, DESK):
            page.set_viewport_size({"width": width, "height": before["height"]})
            page.screenshot(path=self.shots / f"{name}-{width}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} px wide in a window of {width} px"
            # Axe is a script itself.
            found = page.scripts and serious(page)
            assert not found, f"{name} at {width} px: {found}"
        page.set_viewport_size(before)

    def close(self):
        for context in self._contexts:
            context.close()


def _is_complaint(said) -> bool:
    # Every browser asks for an icon, and a server may have none.
    return said.type == "error" and not said.location.get("url", "").endswith("/favicon.ico")


def serious(page: Page) -> list:
    """What axe finds on a page that is serious or worse, as rule and elements."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [
        (rule["id"], [node["html"] for node in rule["nodes"]])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


def authenticator(page: Page):
    """Gives a window a passkey device that is always at hand and always says yes; its credentials can be listed."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    told = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, told["authenticatorId"]
