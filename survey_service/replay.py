"""`survey replay`: real respondents through the running service, over HTTP, as their own browsers would do it.

Each row of a response matrix becomes a patient: enrolled by the unit, signed in, informed, asked one adaptive question
at a time and answering it with that person's own answer; then the unit opens the response, and the register pulls it.
Nothing is taken from the service's inside; the instrument's bank is read only for the full-bank score to compare with.
"""

import csv
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from statistics import correlation, fmean
from threading import local
from time import monotonic, sleep, time
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import requests

from cat_engine import Estimate
from instruments import Instrument
from survey_service.access.rules import PERSONAL_NUMBER_CLAIM
from survey_service.demo.people import DemoUser, identity_number, patient_user
from survey_service.register_client import RegisterClient

_TIMEOUT_SECONDS = 60
_RELEASE_SECONDS = 120
# Older than anybody in the demonstration's own population.
_FIRST_BIRTHDAY = date(1905, 1, 1)
_DAYS_OF_BIRTH = 365 * 29


class ReplayFailed(Exception):
    """The service answered something that a patient or a unit could not go on from."""


@dataclass(frozen=True, slots=True)
class Respondent:
    """A row of the matrix: answers by item id, 1-based; an empty cell is None."""

    person: str
    answers: Mapping[str, int | None]

    @property
    def has_answered(self) -> bool:
        """Whether there is anything to score."""
        return any(value is not None for value in self.answers.values())


@dataclass(frozen=True, slots=True)
class Played:
    """A respondent who has come to the end. ``items`` are those answered, in order."""

    respondent: Respondent
    items: tuple[str, ...]
    response_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A respondent's result as the register got it, beside the full-bank score."""

    played: Played
    t: float
    t_se: float
    full: Estimate


@dataclass(frozen=True, slots=True)
class Target:
    """The running service, and who to be in it."""

    base_url: str
    identity_url: str
    clinician: str
    protocol: str
    register: RegisterClient


def read_respondents(file: Path, instrument: Instrument) -> list[Respondent]:
    """The matrix. Raises ``ReplayFailed`` naming the row and column of what cannot be used."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            items = _items_named(rows.fieldnames or (), file, instrument)
            respondents = [_respondent(row, items, instrument, rows.line_num) for row in rows]
    except (UnicodeDecodeError, csv.Error):
        raise ReplayFailed(f"{file.name}: not a CSV file in UTF-8.") from None
    if not any(respondent.has_answered for respondent in respondents):
        raise ReplayFailed(f"{file.name}: no respondent with an answer after the first line.")
    return respondents


def _items_named(columns: Sequence[str], file: Path, instrument: Instrument) -> list[str]:
    """The instrument's items among the columns; what else there is, such as age, is passed over."""
    for column in columns:
        if columns.count(column) > 1:
            raise ReplayFailed(f"{file.name}: the first line names {column} twice.")
    items = [item for item in instrument.items if item in columns]
    if "person" not in columns or not items:
        raise ReplayFailed(f"{file.name}: the first line must name person and items of {instrument.id}.")
    return items


def _respondent(row: Mapping[str, str], items: Sequence[str], instrument: Instrument, line: int) -> Respondent:
    # The reader puts cells beyond the last column under None, and None into columns beyond the last cell.
    if None in row or None in row.values():
        raise ReplayFailed(f"Line {line}: not as many cells as the first line has.")
    if not row["person"].strip():
        raise ReplayFailed(f"Line {line}, column person: empty.")
    return Respondent(row["person"], {item: _cell(row, item, instrument, line) for item in items})


def _cell(row: Mapping[str, str], item: str, instrument: Instrument, line: int) -> int | None:
    text = row[item].strip()
    if not text:
        return None
    if not text.isdecimal() or not instrument.items[item].question.accepts(int(text)):
        raise ReplayFailed(f"Line {line}, column {item}: not an answer that the item takes.")
    return int(text)


def replay(
    target: Target,
    respondents: Sequence[Respondent],
    instrument: Instrument,
    *,
    at_once: int,
    progress: Callable[[int], None],
) -> list[Outcome]:
    """Play every respondent, wait for the releases, and put the register's figures beside the full-bank scores."""
    clinicians = local()

    def play(user: DemoUser, respondent: Respondent) -> Played:
        if not hasattr(clinicians, "browser"):
            clinicians.browser = Browser(target.base_url)
            clinicians.browser.sign_in_as("/staff/sign-in", target.clinician)
        played = _play(target, clinicians.browser, user, respondent)
        progress(len(played.items))
        return played

    cursor = last_cursor(target.register)
    with ThreadPoolExecutor(at_once) as pool:
        everybody = list(pool.map(play, _new_people(len(respondents)), respondents))
    clinician = Browser(target.base_url)
    clinician.sign_in_as("/staff/sign-in", target.clinician)
    results = _pull_results(target.register, cursor, clinician, {one.response_id for one in everybody})
    test = instrument.adaptive_test()
    return [
        Outcome(
            played=one,
            t=results[one.response_id]["value"],
            t_se=results[one.response_id]["standard_error"],
            full=test.estimate({item: value for item, value in one.respondent.answers.items() if value is not None}),
        )
        for one in everybody
    ]


def _new_people(count: int) -> list[DemoUser]:
    """People whom nobody has replayed before: born long ago, on days that depend on the time of this run."""
    first_day = int(time()) % _DAYS_OF_BIRTH
    born = [_FIRST_BIRTHDAY + timedelta(days=(first_day + serial // 20) % _DAYS_OF_BIRTH) for serial in range(count)]
    numbers = [identity_number(day, serial) for serial, day in enumerate(born)]
    return [patient_user(f"respondent {number[:8]}-{number[8:]}", number) for number in numbers]


def last_cursor(register: RegisterClient) -> str:
    """Where the register's feed ends now."""
    cursor = ""
    for page in register.pages():
        cursor = page["next_cursor"]
    return cursor


def summary(outcomes: Sequence[Outcome], *, seconds: float) -> list[tuple[str, str]]:
    """The table that the command ends with. RMSE and correlation are of T against the full-bank T."""
    pairs = [(one.t, one.full.t) for one in outcomes]
    answers = sum(len(one.played.items) for one in outcomes)
    return [
        ("completed", str(len(outcomes))),
        ("mean items", f"{fmean(len(one.played.items) for one in outcomes):.2f}"),
        ("mean SE (T)", f"{fmean(one.t_se for one in outcomes):.3f}"),
        ("correlation with full bank", f"{correlation(*zip(*pairs, strict=True)):.4f}" if len(pairs) > 1 else "–"),
        ("RMSE against full bank (T)", f"{math.sqrt(fmean((t - full) ** 2 for t, full in pairs)):.3f}"),
        ("answers", str(answers)),
        ("answers per second", f"{answers / seconds:.1f}"),
        ("seconds", f"{seconds:.0f}"),
    ]


def write_outcomes(outcomes: Iterable[Outcome], stream: Any) -> None:
    """One row a person: person, n, T, SE, items joined by ``|``, T_full, SE_full."""
    writer = csv.writer(stream)
    writer.writerow(["person", "n", "T", "SE", "items", "T_full", "SE_full"])
    for one in outcomes:
        figures = [f"{value:.6f}" for value in (one.t, one.t_se, one.full.t, one.full.t_se)]
        items = one.played.items
        writer.writerow([one.played.respondent.person, len(items), *figures[:2], "|".join(items), *figures[2:]])


class Browser:
    """Somebody's browser: cookies, the page last shown, and its forms."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._http = requests.Session()
        self.page = Page("", "")

    def get(self, path: str) -> "Page":
        return self._show(self._http.get(urljoin(self._base_url, path), timeout=_TIMEOUT_SECONDS))

    def submit(self, form: "Form", **fields: str) -> "Page":
        """Send a form with its hidden fields and what is filled in."""
        address = urljoin(self.page.url, form.action)
        return self._show(self._http.post(address, data={**form.fields, **fields}, timeout=_TIMEOUT_SECONDS))

    def sign_in_as(self, path: str, subject: str) -> "Page":
        """Begin at ``path`` and choose who to be at the identity provider."""
        page = self.get(path)
        if path == "/sign-in":
            page = self.submit(page.form("/sign-in"))
        return self._show(self._http.post(page.url, data={"sub": subject}, timeout=_TIMEOUT_SECONDS))

    def _show(self, answer: requests.Response) -> "Page":
        if answer.status_code >= 400:
            raise ReplayFailed(f"The service answered {answer.status_code} at {answer.request.method} {answer.url}.")
        self.page = Page(answer.url, answer.text)
        return self.page


# What stands before a register's name for a response, in the ids of the response's page.
_REFERENCE = "reference-"


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page: where it goes, the fields that are filled in already, and, in a list, whom it is about."""

    action: str
    about: str
    fields: dict[str, str]


class Page(HTMLParser):
    """A page as a machine reads it: its address, links, forms and choices."""

    def __init__(self, url: str, html: str) -> None:
        super().__init__()
        self.url = url
        self._forms: list[Form] = []
        self._links: list[str] = []
        self._about = ""
        self._choice = ("", "")
        self._choices: dict[tuple[str, str], str] = {}
        self.references: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._forms.append(Form(found.get("action", ""), self._about, {}))
        elif tag == "li" and found.get("id", "").startswith(_REFERENCE):
            self.references.add(found["id"].removeprefix(_REFERENCE))
        elif tag == "a":
            self._links.append(found.get("href", ""))
        elif tag == "input" and found.get("type") == "hidden":
            self._forms[-1].fields[found["name"]] = found["value"]
        elif tag == "input" and found.get("type") == "radio":
            self._choice = (found["name"], found["value"])

    def handle_data(self, data: str) -> None:
        text = data.strip()
        if re.fullmatch(r"\d{8}-\d{4}", text):
            self._about = text
        if text and self._choice[0]:
            self._choices[self._choice[0], text] = self._choice[1]
            self._choice = ("", "")

    def form(self, action_starts: str, *, about: str | None = None) -> Form:
        """The first form that goes to such an address, about such a person."""
        for form in self._forms:
            if form.action.startswith(action_starts) and about in (None, form.about):
                return form
        raise ReplayFailed(f"The page {urlsplit(self.url).path} has no form to {action_starts}.")

    def link(self, starts: str) -> str:
        """The first link to such an address."""
        for link in self._links:
            if link.startswith(starts):
                return link
        raise ReplayFailed(f"The page {urlsplit(self.url).path} has no link to {starts}.")

    def choice(self, name: str, label: str) -> str:
        """The value behind a labelled choice."""
        if (name, label) not in self._choices:
            raise ReplayFailed(f"The page {urlsplit(self.url).path} does not offer that {name}.")
        return self._choices[name, label]


def _play(target: Target, clinician: Browser, user: DemoUser, respondent: Respondent) -> Played:
    number = user.claims[PERSONAL_NUMBER_CLAIM]
    _introduce(target, user)
    _enrol(target, clinician, number)
    browser = Browser(target.base_url)
    inbox = browser.sign_in_as("/sign-in", user.subject)
    notice = browser.get(inbox.link("/surveys/"))
    page = browser.submit(notice.form("/surveys/"))
    items: list[str] = []
    while urlsplit(page.url).path.startswith("/sessions/"):
        form = page.form("/sessions/")
        item = form.fields["item"]
        value = respondent.answers.get(item)
        if value is None:
            page = browser.submit(form, skip="1")
        else:
            items.append(item)
            page = browser.submit(form, value=str(value))
    return Played(respondent, tuple(items), response_id=_receive(clinician, number))


def _introduce(target: Target, user: DemoUser) -> None:
    """Make the respondent known to the local identity provider."""
    address = f"{target.identity_url}/users/{quote(user.subject)}"
    requests.put(address, json=user.claims, timeout=_TIMEOUT_SECONDS).raise_for_status()


def _enrol(target: Target, clinician: Browser, number: str) -> None:
    page = clinician.get("/staff/enrolments/new")
    clinician.submit(
        page.form("/staff/enrolments/new"),
        personal_number=number,
        name=f"Respondent {number[-4:]}",
        language="sv",
        protocol=page.choice("protocol", target.protocol),
        anchor_date=date.today().isoformat(),  # noqa: DTZ011  # because a form takes the day of whoever fills it in
        care_contact="Replay",
    )


def _receive(clinician: Browser, number: str) -> str:
    """Open the response from the worklist: the receipt. Returns the response's id."""
    worklist = clinician.get("/staff?filter=unread")
    form = worklist.form("/staff/responses/", about=f"{number[:8]}-{number[8:]}")
    clinician.submit(form)
    return form.action.rpartition("/")[2]


def _pull_results(
    register: RegisterClient, cursor: str, clinician: Browser, wanted: set[str]
) -> dict[str, dict[str, Any]]:
    """The T-scores of the wanted responses, by response, once the worker has released them all.

    What the register calls a response stands on the response's own page.
    """
    pulled: dict[str, dict[str, Any]] = {}
    found: dict[str, dict[str, Any]] = {}
    deadline = monotonic() + _RELEASE_SECONDS
    while monotonic() < deadline:
        for page in register.pages(cursor=cursor):
            cursor = page["next_cursor"]
            for entry in page["entries"]:
                if result := entry.get("result"):
                    scores = [one for one in result["scores"] if one["variable"].endswith(".t")]
                    for one in scores:
                        pulled[result["response"]] = one
        if len(pulled) >= len(wanted):
            for response_id in wanted - found.keys():
                known = clinician.get(f"/staff/responses/{response_id}").references & pulled.keys()
                for reference in known:
                    found[response_id] = pulled[reference]
        if len(found) == len(wanted):
            return found
        sleep(0.5)
    raise ReplayFailed(f"{len(wanted) - len(found)} responses were received but not released within two minutes.")
