"""Somebody with a browser that runs no scripts: opens pages, fills in forms, follows where it is sent."""

from urllib.parse import urljoin, urlsplit

import httpx

from .page import Page

# More than any honest chain of redirects.
MOST_STEPS = 12


class Visit:
    """A page that somebody looks at: where it is, its status, what it shows."""

    def __init__(self, answer: httpx.Response):
        self.answer = answer
        self.url = str(answer.url)
        self.status = answer.status_code
        self.page = Page(answer.text) if "html" in answer.headers.get("content-type", "") else None

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def text(self) -> str:
        return self.page.text if self.page else self.answer.text

    @property
    def sent_to(self) -> str | None:
        """Where a redirect leads that was not followed, as a whole address."""
        location = self.answer.headers.get("location")
        return location and urljoin(self.url, location)

    def __str__(self):
        return f"{self.status} {self.url} {self.sent_to or ''}\n{self.text}"


class Visitor:
    """One browser with its cookies, for one person. It stays on the hosts it is told to know."""

    def __init__(self, url: str, *known: str, headers=None, verify=True):
        self.url = url
        self.known = {urlsplit(known).netloc for known in (url, *known)}
        self.http = httpx.Client(follow_redirects=False, timeout=30, headers=headers, verify=verify)

    @property
    def cookies(self) -> dict:
        return {cookie.name: cookie.value for cookie in self.http.cookies.jar}

    @property
    def session(self) -> str | None:
        """The secret of the session, as the server set it."""
        return next((value for name, value in self.cookies.items() if name in ("rolecall", "__Host-rolecall")), None)

    def open(self, address: str, *, follow=True, **query) -> Visit:
        request = self.http.build_request("GET", urljoin(self.url, address), params=query or None)
        return self._go(request, follow)

    def post(self, address: str, fields: dict, *, follow=True, headers=None) -> Visit:
        request = self.http.build_request("POST", urljoin(self.url, address), data=fields, headers=headers)
        return self._go(request, follow)

    def submit(self, visit: Visit, of: str = "", *, follow=True, button="", **fields) -> Visit:
        """Fills in a form of a page and sends it, with the fields that were hidden in it."""
        form = visit.page.form(of or button)
        filled = form.fields | form.button(button) | fields
        return self.post(self.action(visit, form), filled, follow=follow, headers=self.manners(visit))

    @staticmethod
    def manners(visit: Visit) -> dict:
        """What a browser says by itself with a form: no origin when its page asked for no referrer (Fetch)."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(visit.url))
        quiet = visit.answer.headers.get("referrer-policy") == "no-referrer"
        return {"origin": "null" if quiet else origin, "sec-fetch-site": "same-origin"}

    @staticmethod
    def action(visit: Visit, form) -> str:
        return urljoin(visit.url, form.action) if form.action else visit.url

    def _go(self, request, follow) -> Visit:
        for _ in range(MOST_STEPS):
            visit = Visit(self.http.send(request))
            if not follow or visit.sent_to is None or urlsplit(visit.sent_to).netloc not in self.known:
                return visit
            assert visit.status in (302, 303), f"a redirect by {visit.status} keeps the method: {visit}"
            request = self.http.build_request("GET", visit.sent_to)
        raise AssertionError(f"sent around in a circle, at last to {visit.sent_to}")
