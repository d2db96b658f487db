"""The HTTP API under /api/v1, as a program would use it."""

import httpx


class Api:
    """Requests of one caller. A path begins without a slash: `users/grace@example.com`."""

    def __init__(self, url: str, token: str | None, verify=True):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=f"{url}/api/v1/", headers=headers, timeout=30, verify=verify)

    def ask(self, method: str, path: str, body=None, **query) -> httpx.Response:
        """Any request, whatever comes back."""
        return self._http.request(method, path, params=query or None, json=body)

    def _well(self, method, path, body, query):
        answer = self.ask(method, path, body, **query)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str, **query):
        return self._well("GET", path, None, query)

    def post(self, path: str, body=None, **query):
        return self._well("POST", path, body, query)

    def put(self, path: str, body=None, **query):
        return self._well("PUT", path, body, query)

    def patch(self, path: str, body, **query):
        return self._well("PATCH", path, body, query)

    def delete(self, path: str, **query):
        return self._well("DELETE", path, None, query)

    def items(self, path: str, **query) -> list:
        """Every item of a list, page by page."""
        found, after = [], {}
        while True:
            page = self.get(path, **query, **after)
            found += page["items"]
            if "next_page_token" not in page:
                return found
            after = {"page_token": page["next_page_token"]}

    def refused(self, status: int, method: str, path: str, body=None, code: str | None = None, **query) -> dict:
        """The problem of a request that must be refused with this status, and this code when one is given."""
        answer = self.ask(method, path, body, **query)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        problem = answer.json()
        assert code is None or problem["code"] == code, problem
        return problem

    def works(self) -> bool:
        """Whether the credential still counts."""
        answer = self.ask("GET", "me")
        assert answer.status_code in (200, 401), f"{answer.status_code} {answer.text}"
        return answer.status_code == 200

    def close(self):
        self._http.close()
