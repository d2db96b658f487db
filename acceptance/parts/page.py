"""A page of the server as somebody without scripts sees it: its text, its links and its forms."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Button:
    name: str | None
    value: str
    text: str = ""


@dataclass
class Form:
    """A form: where it goes, and its fields with what stands in them."""

    action: str
    method: str
    fields: dict = field(default_factory=dict)
    kinds: dict = field(default_factory=dict)
    buttons: list = field(default_factory=list)

    def named(self, kind: str) -> list:
        """The names of fields of a kind: `password`, `email`, `text`, `hidden`."""
        return [name for name, of in self.kinds.items() if of == kind]

    def typed(self) -> list:
        """The names of fields that somebody types into."""
        return [name for name, kind in self.kinds.items() if kind not in ("hidden", "checkbox", "radio")]

    def button(self, text: str = "") -> dict:
        """What pressing the first button with this text adds to the form."""
        found = next(button for button in self.buttons if text.lower() in button.text.lower())
        return {found.name: found.value} if found.name else {}


class Page(HTMLParser):
    """A page that has been read."""

    def __init__(self, html: str):
        super().__init__()
        self.html = html
        self.title = ""
        self.forms, self.links, self.scripts = [], [], []
        self._text, self._inside = [], []
        self._form = self._button = self._select = None
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._text).split())

    def form(self, of: str = "") -> Form:
        """The form whose action, field or button holds a word; without one, the first."""
        for form in self.forms:
            words = [form.action, *form.fields, *(button.text for button in form.buttons)]
            if any(of.lower() in word.lower() for word in words):
                return form
        raise AssertionError(f"no form with {of!r} on the page:\n{self.html}")

    def link(self, of: str) -> str:
        """The address of the link whose text or address holds a word."""
        for address, text in self.links:
            if of.lower() in text.lower() or of in address:
                return address
        raise AssertionError(f"no link {of!r} on the page:\n{self.html}")

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self._inside.append(tag)
        match tag:
            case "form":
                self._form = Form(told.get("action") or "", (told.get("method") or "get").lower())
                self.forms.append(self._form)
            case "input" | "textarea" if self._form and told.get("name"):
                self._field(told)
            case "select" if self._form:
                self._select = told["name"]
            case "option" if self._select:
                if self._select not in self._form.fields or "selected" in told:
                    self._form.fields[self._select] = told.get("value") or ""
                    self._form.kinds[self._select] = "select"
            case "button" if self._form:
                self._button = Button(told.get("name"), told.get("value") or "")
                self._form.buttons.append(self._button)
            case "a" if told.get("href"):
                self.links.append((told["href"], ""))
            case "script":
                self.scripts.append(told.get("src"))
        if tag in ("input", "meta", "link", "br", "hr", "img"):
            self._inside.pop()

    def _field(self, told):
        kind = told.get("type") or "text"
        if kind == "submit":
            self._form.buttons.append(Button(told["name"], told.get("value") or "", told.get("value") or ""))
        elif kind not in ("checkbox", "radio") or "checked" in told:
            self._form.fields[told["name"]] = told.get("value") or ""
            self._form.kinds[told["name"]] = kind

    def handle_endtag(self, tag):
        while tag in self._inside and self._inside.pop() != tag:
            pass
        match tag:
            case "form":
                self._form = None
            case "button":
                self._button = None
            case "select":
                self._select = None

    def handle_data(self, data):
        if "title" in self._inside:
            self.title += data
        elif "style" not in self._inside and "script" not in self._inside:
            self._text.append(data)
        if self._button:
            self._button.text += data
        if "a" in self._inside and self.links:
            address, text = self.links.pop()
            self.links.append((address, text + data))
