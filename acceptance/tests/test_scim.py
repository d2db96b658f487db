"""SCIM: the public suite that checks servers against RFC 7643 and RFC 7644, and that what it manages is its own."""

import httpx
import pytest
from scim2_client import BaseSyncSCIMClient
from scim2_tester import Status, check_server


class ScimClient(BaseSyncSCIMClient):
    """The suite's client on httpx, which is here anyway."""

    def __init__(self, url: str, token: str):
        super().__init__()
        self._http = httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30)

    def request(self, method, url, **kwargs):
        return self._http.request(method, url, **kwargs)

    def _stays_under_base_url(self, endpoint):
        return str(self._http.build_request("GET", endpoint).url).startswith(str(self._http.base_url))

    def _parse_json(self, response):
        return response.json()


def connect(server) -> tuple:
    """Sets the SCIM connection up: its address and its token."""
    answer = server.api.ask("PUT", "organization/scim")
    told = answer.json()
    return told["url"], server.secret(told["token"], "the SCIM token")


# What a narrower run leaves out is no failure; the whole run leaves nothing out.
FINE = (Status.SUCCESS, Status.COMPLIANT, Status.SKIPPED)


def failed(results) -> list:
    return [f"{one.title}: {one.reason}" for one in results if one.status not in FINE]


def test_every_check_of_the_public_suite_is_green(server):
    results = check_server(ScimClient(*connect(server)))
    assert len(results) > 100 and not failed(results), "\n".join(failed(results))
    assert all(one.status != Status.SKIPPED for one in results)


@pytest.mark.parametrize("draw", range(3))
def test_the_suite_draws_its_values_and_other_draws_are_green_too(server, draw):
    results = check_server(ScimClient(*connect(server)), include_tags={"patch", "crud"})
    assert not failed(results), "\n".join(failed(results))
