"""Notices as they leave, in every format and in the patient's language, outside any web request.

A notice says who has a message, and the way in. Nothing else is handed to the templates, so that they can say no more.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from uuid import UUID

from babel.support import Translations
from jinja2 import Environment, PackageLoader, StrictUndefined

from notifications.ladder import Kind
from notifications.message import Email, Format, Letter, Message, Note, PostalAddress, Sms
from notifications.sender_ids import sms_sender_id
from survey_service.http.locale import text_direction

_TEMPLATES = (
    "email/message_subject.txt",
    "email/message.txt",
    "email/message.html",
    "sms/message.txt",
    "letter/message.txt",
    "letter/code_label.txt",
    "note/message_subject.txt",
    "note/message.txt",
)


def render(
    format: Format,
    *,
    kind: Kind,
    key: str,
    to: str | PostalAddress,
    sender_name: str,
    base_url: str,
    locale: str,
    texts: Translations,
    day: date,
    code: str = "",
    return_address: str = "",
) -> Message:
    """The contentless notice: who has a message for the patient, and the way in. Its links carry no identity.

    ``texts`` are the interface's in ``locale``. What is sent another way says the same as the invitation. ``code``,
    ``day`` and ``return_address`` are for letters.
    """
    write = _Writer(
        texts,
        {
            "is_reminder": kind is Kind.REMINDER,
            "sender_name": sender_name,
            "link": f"{base_url}/inbox",
            "choices_link": f"{base_url}/contact",
            "address": base_url.removeprefix("https://"),
            "code_address": f"{base_url.removeprefix('https://')}/letter",
            "has_code": bool(code),
            "locale": locale,
            "text_direction": text_direction(locale),
        },
    )
    match format, to:
        case Format.EMAIL, str():
            return _email(write, key=key, to=to)
        case Format.SMS, str():
            return Sms(key, to, sms_sender_id(sender_name), write("sms/message.txt"))
        case Format.NOTE, str():
            return Note(
                key, to, sender_name, write("note/message_subject.txt"), write("note/message.txt"), write.of["link"]
            )
        case Format.LETTER, PostalAddress():
            return _letter(write, key=key, to=to, day=day, code=code, return_address=return_address)
        case _:
            raise TypeError(f"a {format} does not go to such an address")


def missing_texts(locale: str, texts: Translations) -> tuple[str, ...]:
    """What a notice says that has no translation yet, in the source's English; empty where notices can be written."""
    environment = _environment(texts)
    loader = environment.loader
    assert loader is not None
    said = {
        text if isinstance(text, str) else text[0]
        for name in _TEMPLATES
        for _, _, text in environment.extract_translations(loader.get_source(environment, name)[0])  # type: ignore[attr-defined]  # because the extension adds it
    }
    # English is the source: what says the same there is no gap.
    return () if locale == "en" else tuple(sorted(text for text in said if texts.gettext(text) == text))


def invitation(*, key: UUID, to: str, sender_name: str, link: str, locale: str, texts: Translations) -> Email:
    """The invitation as an e-mail, by the address of the inbox."""
    message = render(
        Format.EMAIL,
        kind=Kind.INVITATION,
        key=str(key),
        to=to,
        sender_name=sender_name,
        base_url=link.removesuffix("/inbox"),
        locale=locale,
        texts=texts,
        day=date.min,
    )
    assert isinstance(message, Email)
    return message


def alarm(*, key: UUID, to: str, link: str, locale: str, texts: Translations) -> Email:
    """To staff: something has waited for too long. Not what, of whom, or where."""
    write = _Writer(texts, {"link": link, "locale": locale, "text_direction": text_direction(locale)})
    return Email(
        key=str(key),
        to=to,
        sender_name=texts.gettext("The Answer Room"),
        subject=write("email/alarm_subject.txt"),
        text=write("email/alarm.txt") + "\n",
        html=write("email/alarm.html"),
    )


class _Writer:
    """Fills in templates with the same few things."""

    def __init__(self, texts: Translations, of: Mapping[str, object]) -> None:
        self._environment = _environment(texts)
        self.of = {name: str(value) for name, value in of.items()}
        self._given = of

    def __call__(self, name: str) -> str:
        return self._environment.get_template(name).render(self._given).strip()


def _email(write: _Writer, *, key: str, to: str) -> Email:
    return Email(
        key=key,
        to=to,
        sender_name=write.of["sender_name"],
        subject=write("email/message_subject.txt"),
        text=write("email/message.txt") + "\n",
        html=write("email/message.html"),
        choices_link=write.of["choices_link"],
    )


def _letter(write: _Writer, *, key: str, to: PostalAddress, day: date, code: str, return_address: str) -> Letter:
    heading, *paragraphs = write("letter/message.txt").split("\n\n")
    return Letter(
        key=key,
        to=to,
        sender_name=write.of["sender_name"],
        return_address=return_address,
        day=day,
        locale=write.of["locale"],
        heading=heading,
        paragraphs=tuple(paragraphs),
        link=write.of["link"],
        code=code,
        code_label=write("letter/code_label.txt") if code else "",
    )


# One for each language, and for each version of it that a worker lives to see.
@lru_cache(maxsize=32)
def _environment(texts: Translations) -> Environment:
    environment = Environment(
        loader=PackageLoader("survey_service.http"),
        autoescape=lambda name: name is not None and name.endswith(".html"),  # noqa: S701  # because plain text must not be escaped
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]  # because the extension adds it
    return environment
