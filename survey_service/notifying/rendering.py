"""Notices as text and HTML, in the patient's language, outside any web request."""

from functools import lru_cache
from uuid import UUID

from babel.support import Translations
from jinja2 import Environment, PackageLoader, StrictUndefined

from notifications.message import Email
from survey_service.http.locale import text_direction


def invitation(*, key: UUID, to: str, sender_name: str, link: str, locale: str, texts: Translations) -> Email:
    """The contentless notice: who has a message for you, and the way in. The link carries no identity."""
    environment = _environment(texts)

    def rendered(name: str) -> str:
        template = environment.get_template(f"email/{name}")
        return template.render(
            sender_name=sender_name, link=link, locale=locale, text_direction=text_direction(locale)
        ).strip()

    return Email(
        key=str(key),
        to=to,
        sender_name=sender_name,
        subject=rendered("invitation_subject.txt"),
        text=rendered("invitation.txt") + "\n",
        html=rendered("invitation.html"),
    )


def alarm(*, key: UUID, to: str, link: str, locale: str, texts: Translations) -> Email:
    """To staff: something has waited for too long. Not what, of whom, or where."""
    environment = _environment(texts)

    def rendered(name: str) -> str:
        template = environment.get_template(f"email/{name}")
        return template.render(link=link, locale=locale, text_direction=text_direction(locale)).strip()

    return Email(
        key=str(key),
        to=to,
        sender_name=texts.gettext("The Answer Room"),
        subject=rendered("alarm_subject.txt"),
        text=rendered("alarm.txt") + "\n",
        html=rendered("alarm.html"),
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
