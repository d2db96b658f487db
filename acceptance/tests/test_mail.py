"""The way of a mail: to whom, how it looks, and what happens when the mail server does not take it."""

import pytest
from parts.signin import accept, forget
from parts.visitor import Visitor
from parts.wait import until

GRACE, PASSWORD = "grace@example.com", "Gelb 7 Ampel? Fluss"
FROM = {"ROLECALL_MAIL_FROM": "Rolecall <rolecall@example.com>"}


@pytest.fixture
def server(servers, smtp):
    return servers(ROLECALL_SMTP_URL=smtp.url, **FROM)


def ask_for_mail(server, email=GRACE, **more):
    """Adds somebody who says at once that the password is lost."""
    server.api.post("users", {"invite": False, "email": email, **more})
    forget(server, email)


def reset(post, email=GRACE) -> str:
    return post.letter(email, "/signin/reset").link("/signin/reset")


def test_a_mail_is_text_and_html_for_whom_it_is_and_leads_to_a_page(server, smtp):
    ask_for_mail(server, name="Grace <b>Hopper</b>")
    letter = smtp.letter(GRACE, "/signin/reset")
    link = letter.link("/signin/reset")
    assert letter.sender == "rolecall@example.com" and link.startswith(f"{server.url}/") and link in letter.html
    assert "&lt;b&gt;Hopper" in letter.html and "<b>Hopper" not in letter.html and "acme" in letter.text
    assert letter.message["message-id"] and letter.message["date"] and letter.message["from"].startswith("Rolecall")
    # So that nobody's absence is answered.
    assert letter.message["auto-submitted"] == "auto-generated"
    assert 'name="viewport"' in letter.html and "<script" not in letter.html and "<img" not in letter.html
    assert accept(server, link, PASSWORD).path == "/account"


def test_a_line_in_a_name_makes_no_header_and_no_line_of_a_mail(server, smtp):
    server.api.refused(422, "POST", "users", {"email": GRACE, "name": "Grace\r\nBcc: eve@example.com"})
    server.api.refused(422, "POST", "users", {"email": f"{GRACE}\r\nBcc: eve@example.com"})


def test_a_link_leads_to_the_public_address_whatever_host_was_asked(server, smtp):
    server.api.post("users", {"invite": False, "email": GRACE})
    visitor = Visitor(server.url, headers={"x-forwarded-host": "evil.example.com", "x-forwarded-proto": "https"})
    visit = visitor.open("/signin/forgot")
    fields = visit.page.form().fields | {"identifier": GRACE}
    host = {"host": "evil.example.com", "origin": "http://evil.example.com"}
    assert visitor.post("/signin/forgot", fields, headers=host, follow=False).status == 303
    assert reset(smtp).startswith(f"{server.url}/")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_mails_wait_while_the_mail_server_is_down_and_survive_a_restart(server, smtp, end):
    smtp.stop()
    ask_for_mail(server)
    server.said("a mail was not taken")
    getattr(server, end)()
    server.start()
    smtp.start()
    assert accept(server, reset(smtp), PASSWORD).path == "/account"
    assert len(smtp.letters(GRACE)) == 1


def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(server, smtp):
    smtp.refuse = "451 4.3.0 later"
    ask_for_mail(server)
    until(lambda: smtp.tries.all(), "the mail was tried")
    smtp.refuse = None
    assert reset(smtp)
    smtp.forget()
    smtp.refuse = "550 5.1.1 no such mailbox"
    ask_for_mail(server, "nobody@example.com")
    server.said("no such mailbox")
    smtp.refuse = None
    ask_for_mail(server, "alan@example.com")
    assert reset(smtp, "alan@example.com")
    assert smtp.tries.all().count("nobody@example.com") == 1


def test_one_refused_mailbox_does_not_hold_up_the_others(server, smtp):
    smtp.refuse = "451 4.3.0 later"
    ask_for_mail(server)
    until(lambda: smtp.tries.all(), "the mail was tried")
    smtp.refuse = None
    ask_for_mail(server, "alan@example.com")
    assert reset(smtp, "alan@example.com") and reset(smtp)


@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_mail_goes_over_tls_with_a_password_to_a_server_that_an_authority_vouches_for(servers, posts, authority, mode):
    post = posts(mode, password=True)
    server = servers(ROLECALL_SMTP_URL=post.url, ROLECALL_SMTP_CA=authority.certificate, **FROM)
    server.secret(post.url.split("//")[1].split("@")[0], "the password of the mail server")
    ask_for_mail(server)
    letter = post.letter(GRACE, "/signin/reset")
    assert letter.secure and letter.authenticated


@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_no_mail_goes_to_a_server_whose_certificate_nobody_vouches_for(servers, posts, mode):
    post = posts(mode, password=True)
    server = servers(ROLECALL_SMTP_URL=post.url, **FROM)
    ask_for_mail(server)
    server.said("ertificate")
    assert not post.letters() and not post.tries.all()


def test_a_mail_server_without_tls_gets_nothing_when_tls_is_demanded(servers, smtp):
    server = servers(ROLECALL_SMTP_URL=f"smtp://127.0.0.1:{smtp.port}?tls=required", **FROM)
    ask_for_mail(server)
    server.said("a mail was not taken")
    assert not smtp.letters() and not smtp.tries.all()


def test_without_a_mail_server_nobody_is_promised_a_mail(servers):
    server = servers()
    visitor = Visitor(server.url)
    assert "/signin/forgot" not in visitor.open("/signin").page.html
    visit = visitor.submit(visitor.open("/signin/forgot"), identifier=GRACE)
    assert visit.status == 409 and "ask an administrator" in visit.text
