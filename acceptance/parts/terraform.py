"""The Terraform provider for Unleash, version 3, as its server sees it: the calls of each resource, in their order, with
its headers, and what it trips over in an answer."""

import httpx

HEADERS = {
    "user-agent": "Terraform-Provider-Unleash/3.0.0",
    "x-unleash-appname": "terraform-provider-unleash",
    "accept": "application/json",
}


class Terraform:
    """Requests of the provider. A path begins without a slash: `user-admin/7`. The secret stands without "Bearer"."""

    def __init__(self, url: str, secret: str):
        headers = {**HEADERS, "authorization": secret}
        self._http = httpx.Client(base_url=f"{url}/unleash/api/admin/", headers=headers, timeout=30)

    def ask(self, method: str, path: str, body=None) -> httpx.Response:
        """Any request, whatever comes back."""
        return self._http.request(method, path, json=body)

    def well(self, status: int, method: str, path: str, body=None):
        """The answer to a request that must have this status: any other is an error to the provider."""
        answer = self.ask(method, path, body)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str):
        return self.well(200, "GET", path)

    def gone(self, path: str):
        """What was deleted outside reads 404 and is removed from the state."""
        self.well(404, "GET", path)

    def close(self):
        self._http.close()


def integer(value) -> int:
    """An id as the Go client decodes it: through a float of 32 bits."""
    assert isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**24, value
    return value


def never_null(thing: dict, *fields: str) -> dict:
    """The provider dereferences these when they are there."""
    for field in fields:
        assert field not in thing or thing[field] is not None, f"{field} is null in {thing}"
    return thing
