"""Signing in by password: what is let in, what is told to whom, and when a session ends."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from parts.signin import accept, join, lost, sign_in, try_password
from parts.visitor import Visitor
from parts.wait import until

GRACE, PASSWORD = "grace@example.com", "Gelb 7 Ampel? Fluss"
WRONG = "Kalt 8 Nebel! Turm"
OTHERS = [f"Haus {n} Wolke? Stein" for n in range(4, 12)]


@pytest.fixture
def server(servers, smtp):
    return servers(**mail(smtp))


@pytest.fixture
def grace(server, smtp) -> str:
    return join(server, smtp, GRACE, PASSWORD, name="Grace Hopper", username="grace")


def mail(post) -> dict:
    return {"ROLECALL_SMTP_URL": post.url, "ROLECALL_MAIL_FROM": "rolecall@example.com"}


def signed_in(visitor) -> bool:
    visit = visitor.open("/account", follow=False)
    assert visit.status == 200 or visit.sent_to.startswith(f"{visitor.url}/signin"), visit
    return visit.status == 200


def change_password(visitor, old: str, new: str):
    return visitor.submit(visitor.open("/account"), "/account/password", old=old, new=new, again=new)


WEAK = {
    "Kurz 1?": "at least 10 characters",
    "aB1!" * 32: "fewer than 128 characters",
    "gelb 7 ampel? fluss": "a capital letter",
    "GELB 7 AMPEL? FLUSS": "a small letter",
    "Gelb Ampel? Fluss": "a digit",
    "Gelb7AmpelFluss": "a special character",
    "Gelb 7 Ampell? Flusss": "three times in a row",
    "Password123!": "guessed first",
    "Qwertyuiop1!": "guessed first",
    "Grace.Hopper1": "guessed first",
}


def test_a_weak_password_is_refused_by_name_and_the_link_still_counts(server, smtp, grace):
    link = lost(server, smtp, GRACE)
    for weak, why in WEAK.items():
        visit = accept(server, link, weak)
        assert visit.status == 422 and why in visit.text and weak not in visit.page.html, visit
    assert accept(server, link, OTHERS[0], again=OTHERS[1]).status == 422
    sign_in(server, GRACE, PASSWORD)
    assert accept(server, link, OTHERS[0]).path == "/account"
    sign_in(server, GRACE, OTHERS[0])


def test_the_last_five_passwords_are_refused_and_the_old_one_is_needed(server, grace):
    visitor = sign_in(server, GRACE, PASSWORD)
    wrong = change_password(visitor, WRONG, OTHERS[0])
    assert wrong.status == 422 and "old password is not right" in wrong.text and OTHERS[0] not in wrong.page.html
    passwords = [PASSWORD, *OTHERS[:5]]
    for old, new in zip(passwords[:4], passwords[1:5], strict=True):
        assert change_password(visitor, old, new).status == 200
    refused = change_password(visitor, passwords[4], PASSWORD)
    assert refused.status == 422 and "one of your last 5" in refused.text
    assert change_password(visitor, passwords[4], passwords[5]).status == 200
    # Now the first is the sixth.
    assert change_password(visitor, passwords[5], PASSWORD).status == 200


def test_a_wrong_password_and_an_unknown_account_are_answered_alike(server, grace):
    def shown(who: str) -> tuple:
        visit = try_password(Visitor(server.url), who, WRONG)
        html = re.sub(r'name="csrf" value="[^"]+"', "", visit.page.html).replace(f'value="{who}"', "")
        assert "The name or the password is not right." in visit.text, visit
        return visit.status, html, sorted(set(visit.answer.headers) - {"content-length"})

    server.api.post("users", {"email": "off@example.com", "active": False})
    server.api.post("users", {"email": "invited@example.com"})
    wrong = shown(GRACE)
    assert wrong[0] == 401
    for who in ("grace", grace, "nobody@example.com", "off@example.com", "invited@example.com", "x" * 2_000):
        assert shown(who) == wrong, who


def test_one_organization_does_not_let_in_another_ones_people(server, grace):
    made = {"name": "other", "catalog": "union", "admin_email": "bob@example.com", "admin_password": OTHERS[0]}
    server.api.post("organizations", made)
    assert try_password(Visitor(server.url), GRACE, PASSWORD, organization="other").status == 401
    assert try_password(Visitor(server.url), "bob@example.com", OTHERS[0]).status == 401
    bob = sign_in(server, "bob@example.com", OTHERS[0], organization="other")
    assert "bob@example.com at other" in bob.open("/account").text
    assert Visitor(server.url).open("/signin", organization="nowhere").status == 404


def test_what_was_typed_wrong_stands_in_no_audit(server, grace):
    # Some type their password where the name belongs.
    try_password(Visitor(server.url), WRONG, WRONG)
    try_password(Visitor(server.url), GRACE, WRONG)
    server.secret(WRONG, "a password in the wrong field")
    assert WRONG not in server.api.ask("GET", "history").text


def test_somebody_signs_in_by_address_and_by_username(server, grace):
    for who in (GRACE, GRACE.upper(), "grace", f" {GRACE} "):
        sign_in(server, who, PASSWORD)


def test_too_many_tries_for_one_account_are_slowed_down_and_others_come_in(servers, smtp):
    server = servers(ROLECALL_SIGN_IN_TRIES=3, **mail(smtp))
    join(server, smtp, GRACE, PASSWORD)
    join(server, smtp, "alan@example.com", PASSWORD)
    for who in (GRACE, "nobody@example.com"):
        seen = [try_password(Visitor(server.url), who, WRONG) for _ in range(4)]
        assert [visit.status for visit in seen] == [401, 401, 401, 429], seen
        assert 0 < int(seen[3].answer.headers["retry-after"]) <= 60 and "too many tries" in seen[3].text
    # Not even with the right one, nor by another writing of the name.
    assert try_password(Visitor(server.url), GRACE, PASSWORD).status == 429
    assert try_password(Visitor(server.url), f" {GRACE.upper()} ", PASSWORD).status == 429
    sign_in(server, "alan@example.com", PASSWORD)


def test_too_many_tries_from_one_address_are_slowed_down(servers):
    server = servers(ROLECALL_SIGN_IN_TRIES_ADDRESS=4)
    for n in range(4):
        assert try_password(Visitor(server.url), f"{n}@example.com", WRONG).status == 401
    # What a client says of its own address counts only from a proxy that is trusted.
    for headers in ({}, {"x-forwarded-for": "203.0.113.9"}, {"forwarded": "for=203.0.113.9"}):
        assert try_password(Visitor(server.url, headers=headers), "5@example.com", WRONG).status == 429


def test_behind_a_trusted_proxy_the_forwarded_address_counts(servers):
    server = servers(ROLECALL_SIGN_IN_TRIES_ADDRESS=1, ROLECALL_TRUSTED_PROXIES="127.0.0.1")

    def status(address: str) -> int:
        return try_password(Visitor(server.url, headers={"x-forwarded-for": address}), "x@example.com", WRONG).status

    assert status("203.0.113.9") == 401 and status("203.0.113.9") == 429 and status("203.0.113.10") == 401
    # The last address is the one that the proxy saw; what stands before it, anybody can write.
    assert status("198.51.100.1, 203.0.113.9") == 429
    # A whole network of IPv6 belongs to one customer.
    assert status("2001:db8::1") == 401 and status("2001:db8::2:3") == 429


def test_codes_cannot_be_guessed_either(servers, smtp):
    server = servers(ROLECALL_SIGN_IN_TRIES=4, **mail(smtp))
    join(server, smtp, GRACE, PASSWORD)
    device, _ = set_up_codes(server, sign_in(server, GRACE, PASSWORD))
    visitor = Visitor(server.url)
    visit = try_password(visitor, GRACE, PASSWORD)
    wrong = next(code for code in ("000000", "111111", "222222") if not device.verify(code, valid_window=2))
    seen = [visitor.submit(visit, "/signin/code", code=wrong).status for _ in range(4)]
    # One try was spent on setting them up.
    assert seen == [401, 401, 401, 429] and not signed_in(visitor)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(server, grace):
    visitor = sign_in(server, GRACE, PASSWORD)
    assert {cookie.name for cookie in visitor.http.cookies.jar} == {"rolecall", "rolecall-form"}
    for cookie in visitor.http.cookies.jar:
        assert cookie.has_nonstandard_attr("HttpOnly") and cookie.get_nonstandard_attr("SameSite") == "Lax"
        assert cookie.path == "/" and not cookie.domain_specified
    for path in ("/account", "/signin/forgot", "/signin/reset?token=x"):
        headers = visitor.open(path).answer.headers
        assert headers["cache-control"] == "no-store" and headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["referrer-policy"] == "same-origin" and headers["x-frame-options"] == "DENY"


def test_behind_https_the_cookies_are_of_the_host_alone(servers):
    server = servers(public="https://rolecall.example.com")
    headers = Visitor(server.url).open("/signin").answer.headers
    assert headers["set-cookie"].startswith("__Host-rolecall-form=") and "; Secure" in headers["set-cookie"]


def test_a_session_is_a_new_one_after_signing_in(server, grace):
    visitor = Visitor(server.url)
    visitor.open("/signin")
    before = set(visitor.cookies.values())
    visitor.http.cookies.set("rolecall", "a-session-that-somebody-planted", domain="127.0.0.1", path="/")
    assert not signed_in(visitor)
    assert try_password(visitor, GRACE, PASSWORD).path == "/account"
    told = [cookie.value for cookie in visitor.http.cookies.jar if cookie.value != "a-session-that-somebody-planted"]
    assert len(told) == 2 and not before & set(told)


def test_signing_in_again_needs_a_form_of_this_browser(server, grace):
    """Nobody is signed in as somebody else by a page of another site."""
    visitor, foreign = Visitor(server.url), Visitor(server.url)
    fields = visitor.open("/signin").page.form("password").fields | {"identifier": GRACE, "password": PASSWORD}
    other = foreign.open("/signin").page.form("password").fields["csrf"]
    for csrf in (None, "", "guessed", other):
        told = {name: value for name, value in (fields | {"csrf": csrf}).items() if value is not None}
        assert visitor.post("/signin", told).status in (403, 422) and not signed_in(visitor), csrf
    for said in (
        {"origin": "https://evil.example.com"},
        {"origin": "null"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        assert visitor.post("/signin", fields, headers=said).status == 403 and not signed_in(visitor), said
    # Without the cookie the token alone is nothing.
    assert Visitor(server.url).post("/signin", fields).status == 403
    assert visitor.post("/signin", fields, headers={"origin": server.url}).path == "/account"


def test_the_forms_of_an_account_need_its_session_and_its_token(server, grace):
    visitor, other = sign_in(server, GRACE, PASSWORD), sign_in(server, GRACE, PASSWORD)
    before = Visitor(server.url).open("/signin").page.form().fields["csrf"]
    foreign = other.open("/account").page.form().fields["csrf"]
    ending = next(form.action for form in visitor.open("/account").page.forms if "sessions" in form.action)
    for path in ("/signin/out", "/account/password", "/account/codes", "/account/codes/off", ending):
        for csrf in ("", before, foreign):
            assert visitor.post(path, {"csrf": csrf}).status == 403, path
        # An address alone does nothing: a link or a picture somewhere else does not sign anybody out.
        assert visitor.open(path, follow=False).status in (404, 405), path
    assert signed_in(visitor) and signed_in(other)


EVIL = [
    "//evil.example.com",
    "/\\evil.example.com",
    "\\\\evil.example.com",
    "https://evil.example.com",
    "http:evil.example.com",
    "javascript:alert(1)",
    "/\t/evil.example.com",
    "/\n//evil.example.com",
    " //evil.example.com",
    "evil.example.com",
    "/x\r\nX-Evil: 1",
    '/"><script>alert(1)</script>',
]


def test_it_leads_back_to_this_server_alone(servers, smtp):
    server = servers(ROLECALL_SIGN_IN_TRIES=100, **mail(smtp))
    join(server, smtp, GRACE, PASSWORD)
    here = urlsplit(server.url).netloc
    for evil in EVIL:
        visitor = Visitor(server.url)
        visit = try_password(visitor, GRACE, PASSWORD, return_to=evil)
        assert urlsplit(visit.url).netloc == here, evil
        again = visitor.open("/signin", return_to=evil, follow=False)
        # Nor when somebody changes the form.
        other = Visitor(server.url)
        form = other.open("/signin")
        sent = other.submit(form, identifier=GRACE, password=PASSWORD, return_to=evil, follow=False)
        assert sent.status == again.status == 303
        for seen in (visit, again, sent):
            assert urlsplit(seen.sent_to or server.url).netloc == here and "x-evil" not in seen.answer.headers, evil
            assert seen.page is None or "<script>" not in seen.page.html, evil


def test_it_leads_back_to_where_one_wanted_to_go(server, grace):
    visitor = Visitor(server.url)
    visit = visitor.open("/account?x=1")
    assert visit.path == "/signin" and parse_qs(urlsplit(visit.url).query)["return_to"][0].startswith("/account")
    visit = visitor.submit(visit, identifier=GRACE, password=PASSWORD)
    assert visit.path == "/account"
    visit = try_password(Visitor(server.url), GRACE, PASSWORD, return_to="/account?x=1")
    assert visit.url == f"{server.url}/account?x=1"
    # Who is signed in already goes on at once.
    assert visitor.open("/signin", return_to="/account?x=2").url == f"{server.url}/account?x=2"


def test_signing_out_ends_the_session_and_not_the_others(server, grace):
    one, another = sign_in(server, GRACE, PASSWORD), sign_in(server, GRACE, PASSWORD)
    kept = one.session
    visit = one.submit(one.open("/account"), "/signin/out")
    assert "signed out" in visit.text and one.session is None
    assert not signed_in(one) and signed_in(another)
    one.http.cookies.set("rolecall", kept, domain="127.0.0.1", path="/")
    assert not signed_in(one)


def test_ones_own_sessions_are_listed_and_ended_and_those_of_others_are_not(server, smtp, grace):
    join(server, smtp, "eve@example.com", PASSWORD)
    eve = sign_in(server, "eve@example.com", PASSWORD)
    firefox = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    lost_one = Visitor(server.url, headers=firefox)
    assert try_password(lost_one, GRACE, PASSWORD).path == "/account"
    here = sign_in(server, GRACE, PASSWORD)
    account = here.open("/account")
    assert "Firefox on Linux" in account.text and "this browser" in account.text
    assert lost_one.session not in account.page.html and here.session not in account.page.html
    # The link that made the password signed in as well.
    endings = [form.action for form in account.page.forms if form.action.startswith("/account/sessions/")]
    assert len(endings) == 2
    for ending in endings:
        own_form = eve.open("/account").page.form("/signin/out").fields
        eve.post(ending, own_form)
    assert signed_in(lost_one)
    for ending in endings:
        here.submit(here.open("/account"), ending)
    assert not signed_in(lost_one) and signed_in(here)
    assert "/account/sessions/" not in here.open("/account").page.html


@pytest.mark.parametrize("end", ["disable", "delete"])
def test_disabling_or_deleting_somebody_ends_sessions_at_once(server, smtp, grace, end):
    link = lost(server, smtp, GRACE)
    visitor = sign_in(server, GRACE, PASSWORD)
    if end == "disable":
        server.api.patch(f"users/{grace}", {"active": False})
    else:
        server.api.delete(f"users/{grace}")
    assert not signed_in(visitor)
    assert try_password(Visitor(server.url), GRACE, PASSWORD).status == 401
    assert Visitor(server.url).open(link).status == 410
    if end == "disable":
        server.api.patch(f"users/{grace}", {"active": True})
        assert not signed_in(visitor), "a session came back to life"
        sign_in(server, GRACE, PASSWORD)


def test_sessions_survive_a_restart_and_a_crash(server, grace):
    visitor = sign_in(server, GRACE, PASSWORD)
    server.restart()
    assert signed_in(visitor)
    other = sign_in(server, GRACE, PASSWORD)
    server.kill()
    server.start()
    assert signed_in(visitor) and signed_in(other)


def test_a_session_is_no_credential_of_the_api(server, grace):
    visitor = sign_in(server, GRACE, PASSWORD)
    server.as_bearer(visitor.session).refused(401, "GET", "me")


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(server, grace):
    one, another = sign_in(server, GRACE, PASSWORD), sign_in(server, GRACE, PASSWORD)
    link = server.api.post(f"users/{GRACE}/reset", {}).get("link")
    visit = change_password(one, PASSWORD, server.secret(OTHERS[0]))
    assert visit.status == 200 and "password is changed" in visit.text
    assert signed_in(one) and not signed_in(another)
    assert link is None or Visitor(server.url).open(link).status == 410
    sign_in(server, GRACE, OTHERS[0])
    assert try_password(Visitor(server.url), GRACE, PASSWORD).status == 401


def test_a_reset_by_mail_counts_once_and_ends_all_sessions(server, smtp, grace):
    visitor = sign_in(server, GRACE, PASSWORD)
    link = lost(server, smtp, GRACE)
    assert signed_in(visitor)
    assert accept(server, link, server.secret(OTHERS[0])).path == "/account"
    assert not signed_in(visitor)
    over = Visitor(server.url).open(link)
    assert over.status == 410 and "does not count" in over.text
    assert try_password(Visitor(server.url), GRACE, PASSWORD).status == 401


def test_of_many_who_use_a_link_at_once_one_comes_in(server, smtp, grace):
    link = lost(server, smtp, GRACE)
    visitors = [Visitor(server.url) for _ in range(4)]
    visits = [visitor.open(link) for visitor in visitors]

    def choose(n: int) -> int:
        return visitors[n].submit(visits[n], password=OTHERS[n], again=OTHERS[n], follow=False).status

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(choose, range(4)))
    assert sorted(seen) == [303, 410, 410, 410]
    sign_in(server, GRACE, OTHERS[seen.index(303)])


def test_who_forgot_a_password_learns_nothing_of_accounts(server, smtp, grace):
    server.api.post("users", {"email": "off@example.com", "active": False})
    server.api.post("users", {"username": "no-address"})
    smtp.forget()

    def shown(who: str) -> tuple:
        visitor = Visitor(server.url)
        visit = visitor.submit(visitor.open("/signin/forgot"), identifier=who, follow=False)
        return visit.status, visit.sent_to, visit.text

    said = {shown(who) for who in ("nobody@example.com", "off@example.com", "no-address", "", "grace")}
    assert len(said) == 1
    # Once a minute, whether there is such an account or not.
    assert shown("nobody@example.com")[0] == shown("grace")[0] == 429
    smtp.letter(GRACE)
    assert len(smtp.letters()) == 1


def test_only_the_newest_link_counts(server, smtp, grace):
    one = lost(server, smtp, GRACE)
    seen = len(smtp.letters(GRACE))
    assert server.api.post(f"users/{GRACE}/reset", {})["mailed"]
    until(lambda: len(smtp.letters(GRACE)) > seen, "the administrator's link came")
    another = smtp.letters(GRACE)[-1].link("/signin/reset")
    assert Visitor(server.url).open(one).status == 410
    assert Visitor(server.url).open(another).status == 200


def test_one_time_codes_are_asked_for_and_count_once(server, grace):
    device, _ = set_up_codes(server, sign_in(server, GRACE, PASSWORD))
    other = Visitor(server.url)
    visit = try_password(other, GRACE, PASSWORD)
    assert visit.status == 200 and not signed_in(other) and other.session is None
    wrong = other.submit(visit, "/signin/code", code="12345")
    assert wrong.status == 401 and "not right" in wrong.text and not signed_in(other)
    # The code that set them up is spent too, or it counts; the next one counts once.
    code = device.at(time.time() + 30)
    assert other.submit(wrong, "/signin/code", code=f"{code[:3]} {code[3:]}").path == "/account" and signed_in(other)
    third = Visitor(server.url)
    visit = try_password(third, GRACE, PASSWORD)
    assert third.submit(visit, "/signin/code", code=code).status == 401 and not signed_in(third)


def set_up_codes(server, visitor) -> tuple:
    """Sets up one-time codes on the account page: the device and the recovery codes."""
    visit = visitor.submit(visitor.open("/account"), "/account/codes")
    device = pyotp.parse_uri(visit.page.link("otpauth://"))
    server.secret(device.secret, "the secret of one-time codes")
    visit = visitor.submit(visit, "code", code=device.now())
    assert visit.status == 200, visit
    return device, visit.page.html.split("<pre>")[1].split("</pre>")[0].split()
