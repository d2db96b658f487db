"""The pages in a real browser: with and without scripts, by keyboard alone, on a phone and on a desk."""

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pyotp
import pytest
from parts.chromium import PHONE, authenticator
from parts.signin import join

GRACE, PASSWORD, NEW = "grace@example.com", "Gelb 7 Ampel? Fluss", "Haus 4 Wolke? Stein"
WITH_AND_WITHOUT = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


@pytest.fixture
def server(servers, smtp):
    # Passkeys belong to a name, not to a number.
    return servers(host="localhost", ROLECALL_SMTP_URL=smtp.url, ROLECALL_MAIL_FROM="rolecall@example.com")


@pytest.fixture
def grace(server, smtp) -> str:
    return join(server, smtp, GRACE, PASSWORD, name="Grace Hopper")


@pytest.fixture
def callback():
    """A client that waits on the machine itself to be called back."""
    listening = Callback()
    yield listening
    listening.stop()


class Callback:
    def __init__(self):
        self.referrers = set()

        class Answer(BaseHTTPRequestHandler):
            def do_GET(asked):  # noqa: N802, N805
                # Not for the icon that a browser asks for by itself.
                if asked.path.startswith("/callback?"):
                    self.referrers.add(str(asked.headers["referer"]))
                asked.send_response(200)
                asked.send_header("content-type", "text/html")
                asked.end_headers()
                asked.wfile.write(b"The client goes on.")

            def log_message(asked, *_):  # noqa: N805
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self._server.server_port}/callback"
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def fill_in(page, password=PASSWORD):
    page.get_by_label("Email or username").fill(GRACE)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_in(page):
    page.goto("/signin")
    fill_in(page)
    page.wait_for_url("**/account")


@WITH_AND_WITHOUT
def test_somebody_signs_in(server, grace, chromium, scripts):
    page = chromium.window(server.url, scripts=scripts, width=PHONE)
    page.goto("/account")
    chromium.look(page, "signin")
    fill_in(page, "Kalt 8 Nebel! Turm")
    assert page.url == f"{server.url}/signin" and page.get_by_role("alert").first.is_visible()
    assert page.get_by_label("Email or username").input_value() == GRACE
    assert page.get_by_label("Password").input_value() == ""
    chromium.look(page, "signin-wrong")
    fill_in(page)
    page.wait_for_url("**/account")
    chromium.look(page, "account")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signin?done=out")
    chromium.look(page, "signed-out")
    page.goto("/account")
    assert "/signin" in page.url
    assert [said for said in page.complaints if "401" not in said] == []


def test_somebody_signs_in_by_keyboard_alone(server, grace, chromium):
    page = chromium.window(server.url)
    page.goto("/signin")
    for text in (GRACE, PASSWORD):
        # The first field has the focus at once.
        assert page.evaluate("document.activeElement.tagName") == "INPUT"
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Sign in"
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    press(page, "Sign out")
    page.wait_for_url("**/signin?done=out")


def press(page, text: str):
    """Goes to a button or a link by the keyboard and presses it."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == text:
            return page.keyboard.press("Enter")
    raise AssertionError(f"the keyboard does not lead to {text!r}")


@pytest.mark.parametrize("path", ["/signin", "/signin/forgot", "/account"])
def test_whatever_has_the_focus_shows_it(server, grace, chromium, path):
    page = chromium.window(server.url)
    sign_in(page)
    if path != "/account":
        page.context.clear_cookies()
    page.goto(path)
    seen = 0
    for _ in range(40):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "() => { const e = document.activeElement; if (e === document.body) return null;"
            " const s = getComputedStyle(e); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; }"
        )
        if shown is None:
            break
        assert shown
        seen += 1
    assert seen >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_readable_in_light_and_dark(server, grace, chromium, scheme):
    page = chromium.window(server.url, color_scheme=scheme)
    page.goto("/signin")
    chromium.look(page, f"signin-{scheme}")
    fill_in(page)
    page.wait_for_url("**/account")
    chromium.look(page, f"account-{scheme}")


@WITH_AND_WITHOUT
def test_who_forgot_a_password_chooses_a_new_one(server, smtp, grace, chromium, scripts):
    smtp.forget()
    page = chromium.window(server.url, scripts=scripts, width=PHONE)
    page.goto("/signin")
    page.get_by_role("link", name="I have forgotten my password").click()
    chromium.look(page, "forgot")
    page.get_by_label("Email or username").fill(GRACE)
    page.keyboard.press("Enter")
    page.wait_for_url("**/signin?done=mailed*")
    chromium.look(page, "mailed")
    link = smtp.letter(GRACE).link("/signin/reset")
    page.goto(link)
    chromium.look(page, "reset")
    page.get_by_label("New password").fill(NEW)
    page.get_by_label("The same again").fill("Something else")
    page.get_by_role("button").click()
    chromium.look(page, "reset-refused")
    assert "not the same" in page.get_by_role("alert").inner_text()
    for label in ("New password", "The same again"):
        page.get_by_label(label).fill(NEW)
    page.get_by_role("button").click()
    page.wait_for_url("**/account")
    page.goto(link)
    chromium.look(page, "link-over")
    assert page.get_by_role("heading").inner_text() == "This link does not count any more"


def test_a_mail_is_readable_on_a_phone(server, smtp, grace, chromium):
    page = chromium.window(server.url, width=PHONE)
    page.set_content(smtp.letter(GRACE).html)
    chromium.look(page, "mail-reset")


@WITH_AND_WITHOUT
def test_one_time_codes_from_setting_up_to_signing_in_and_recovery_codes(server, grace, chromium, scripts):
    page = chromium.window(server.url, scripts=scripts)
    sign_in(page)
    page.get_by_role("button", name="Set up codes").click()
    device = pyotp.parse_uri(page.get_by_role("link", name="open it on this device").get_attribute("href"))
    assert (device.name, device.issuer) == (GRACE, "acme")
    server.secret(device.secret, "the secret of one-time codes")
    chromium.look(page, "codes-set-up")
    wrong = next(code for code in ("000000", "111111", "222222") if not device.verify(code, valid_window=2))
    page.get_by_role("textbox").fill(wrong)
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    chromium.look(page, "codes-not-confirmed")
    page.get_by_role("textbox").fill(device.now())
    page.keyboard.press("Enter")
    page.get_by_text("Keep these recovery codes").wait_for()
    chromium.look(page, "recovery-codes")
    recovery = re.findall(r"\b[0-9a-z]{4}(?:-[0-9a-z]{4}){3}\b", page.locator("pre").inner_text())
    assert len(set(recovery)) == 10
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/account")
    for used, counts in ((recovery[0], True), (recovery[0], False), (recovery[1].upper().replace("-", " "), True)):
        other = chromium.window(server.url, scripts=scripts)
        other.goto("/signin")
        fill_in(other)
        other.get_by_text("Your second factor").wait_for()
        if used == recovery[1].upper().replace("-", " "):
            chromium.look(other, "code")
        other.get_by_role("textbox").fill(server.secret(used))
        other.keyboard.press("Enter")
        if counts:
            other.wait_for_url("**/account")
        else:
            other.get_by_role("alert").wait_for()
            chromium.look(other, "code-wrong")
    page.get_by_role("button", name="Switch codes off").click()
    page.get_by_role("textbox").fill(recovery[2])
    chromium.look(page, "codes-off")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account?done=codes")
    other = chromium.window(server.url, scripts=scripts)
    sign_in(other)


def test_a_passkey_is_added_signs_in_without_a_password_and_is_taken_away(server, grace, chromium):
    page = chromium.window(server.url)
    session, device = authenticator(page)
    sign_in(page)
    page.get_by_label("What you call the device").fill("My key")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url("**/account?done=passkey")
    [credential] = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert credential["rpId"] == "localhost" and credential["isResidentCredential"]
    chromium.look(page, "account-with-passkey")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/signin?return_to=/account?x=1")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/account?x=1")
    page.get_by_role("button", name="Remove My key").click()
    page.wait_for_url("**/account?done=removed")
    # The device still has it, but it does not count any more.
    page.get_by_role("button", name="Sign out").click()
    page.goto("/signin")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/signin/passkey")
    chromium.look(page, "passkey-refused")
    page.goto("/account")
    assert "/signin" in page.url


def test_a_passkey_that_is_not_there_says_so_on_the_page(server, grace, chromium):
    page = chromium.window(server.url)
    authenticator(page)
    page.goto("/signin")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("alert").filter(has_text="Nothing was done").wait_for()
    chromium.look(page, "signin-no-passkey")


def test_without_scripts_nothing_is_shown_that_needs_one(server, grace, chromium):
    page = chromium.window(server.url, scripts=False)
    page.goto("/signin")
    assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()
    fill_in(page)
    page.wait_for_url("**/account")
    assert not page.get_by_role("button", name="Add a passkey").is_visible()


@WITH_AND_WITHOUT
def test_a_terminal_is_let_in(server, grace, chromium, scripts):
    asked = httpx.post(f"{server.url}/oauth2/device", data={"client_id": "rolecall-cli", "scope": "openid all"})
    page = chromium.window(server.url, scripts=scripts, width=PHONE)
    page.goto("/device")
    fill_in(page)
    page.wait_for_url("**/device")
    chromium.look(page, "device")
    page.get_by_label("Code").fill("BCDF-GHJK")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    chromium.look(page, "device-wrong")
    page.get_by_label("Code").fill(asked.json()["user_code"])
    page.keyboard.press("Enter")
    page.get_by_text("asks to act for you").first.wait_for()
    chromium.look(page, "device-consent")
    page.get_by_role("button", name="Allow").click()
    page.get_by_text("Your terminal is connected").wait_for()
    chromium.look(page, "device-done")


@WITH_AND_WITHOUT
def test_consent_says_who_asks_and_for_what(server, grace, chromium, callback, scripts):
    page = chromium.window(server.url, scripts=scripts, width=PHONE)
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    asked = (
        f"/oauth2/authorize?response_type=code&client_id=rolecall-cli&redirect_uri={callback.url}&state=s"
        f"&scope=openid+profile+email+offline_access+all&code_challenge={challenge}&code_challenge_method=S256"
    )
    page.goto(asked)
    fill_in(page)
    page.wait_for_url("**/oauth2/authorize?*")
    assert page.get_by_text("do everything you may do here").is_visible() and page.get_by_text(GRACE).is_visible()
    chromium.look(page, "consent")
    for button, answer in (("Deny", "error=access_denied"), ("Allow", "code=")):
        page.goto(asked)
        page.get_by_role("button", name=button).click()
        page.get_by_text("The client goes on.").wait_for()
        assert answer in page.url and page.url.startswith(callback.url)
    page.goto(asked.replace("rolecall-cli", "nobody"))
    chromium.look(page, "cannot-be-asked")
    assert callback.referrers == {"None"}, "a client learns from where somebody came"
