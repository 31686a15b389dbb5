"""Ways to spoil a definition, each with the place that its error must name.

A case changes one text of one good instrument. ``at`` is a text on the line that the error must tell, empty where
there is no such line, as for a field that is missing at the top.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    instrument: str
    old: str
    new: str
    field: str
    problem: str
    at: str = ""
    file: str = "definition.toml"

    def __str__(self) -> str:
        return f"{self.instrument}: {self.field or self.file}: {self.problem[:40]}"


def _in(instrument: str, *cases: tuple[str, str, str, str, str]) -> list[Bad]:
    """Cases of one instrument: old, new, line, field, problem."""
    return [
        Bad(instrument=instrument, old=old, new=new, at=at, field=field, problem=problem)
        for old, new, at, field, problem in cases
    ]


def _top() -> list[Bad]:
    """What stands at the top of the file."""
    return _in(
        "tiny-scale",
        ('family = "PROM"', 'family = "POEM"', "POEM", "family", "'POEM' is not one of PROM, PREM"),
        ('family = "PROM"', "", "", "family", "is missing"),
        ('family = "PROM"', "colour = 1", "", "family", "is missing"),
        ('family = "PROM"', 'family = "PROM"\ncolour = 1', "colour", "colour", "unknown field"),
        ('family = "PROM"', "family = 1", "family = 1", "family", "must be of type str"),
        ('family = "PROM"', 'family = " "', 'family = " "', "family", "is empty"),
        ('title_key = "title"', 'title_key = "a\\u0000"', "title_key", "title_key", "cannot be stored"),
        ("estimated_minutes = 1", "estimated_minutes = 0", "= 0", "estimated_minutes", "a whole number from 1 to 240"),
        ("estimated_minutes = 1", "estimated_minutes = true", "= true", "estimated_minutes", "must be a whole"),
        ("estimated_minutes = 1", "estimated_minutes = 1.5", "= 1.5", "estimated_minutes", "must be of type int"),
        ("changeable = true", 'changeable = "yes"', '"yes"', "changeable", "must be of type bool"),
        ('recall = "today"', 'recall = "P7X"', "P7X", "recall", "must be today, now, ever, visit or a period"),
        ('recall = "today"', 'recall = "P٧D"', "P٧D", "recall", "must be today, now, ever, visit or a period"),
        ('id = "tiny-scale"', 'id = "9"', 'id = "9"', "id", "must begin with a letter"),
        ('id = "tiny-scale"', 'id = "other"', 'id = "other"', "id", "must be the names of the two folders"),
        ('version = "1.0"', 'version = "2.0"', 'id = "tiny', "id", "must be the names of the two folders"),
        ('version = "1.0"', 'version = "new"', '"new"', "version", "must be numbers"),
        ('version = "1.0"', 'version = "١.٠"', '"١.٠"', "version", "must be numbers"),
        ('who = "self"', 'who = "dog"', '"dog"', "respondents[1].who", "'dog' is not one of self, proxy"),
        ("youngest = 16", "youngest = -1", "= -1", "respondents[1].youngest", "from 0 to 130"),
        ("youngest = 16", "youngest = 16\noldest = 15", "= 15", "respondents[1].oldest", "from 16 to 130"),
        ("youngest = 16", '\n[[respondents]]\nwho = "self"', "[[respondents]]", "respondents", "must say once"),
        ('wording = "own"', 'wording = "theirs"', "theirs", "licence.wording", "is not one of licensed, own"),
        ('wording = "own"', "", "[licence]", "licence.wording", "is missing"),
        ('"fixed"', '"adaptive"', '"adaptive"', "administration", "an adaptive bank is given adaptively"),
    )


def _items() -> list[Bad]:
    """What stands in an item or a set of options."""
    return [
        *_in(
            "tiny-single-choice",
            ("liking = [1, 2, 3]", "liking = [1, 2, 1]", "[1, 2, 1]", "option_sets.liking", "a code occurs twice"),
            ("liking = [1, 2, 3]", "liking = []", "liking = []", "option_sets.liking", "must be a list of whole"),
            ("liking = [1, 2, 3]", "liking = [1, 2.5]", "2.5", "option_sets.liking", "must be a list of whole"),
            ("liking = [1, 2, 3]", "liking = [1, true]", "true]", "option_sets.liking", "must be a list of whole"),
            ("liking = [1, 2, 3]", "liking = [1, 1000000]", "1000000", "option_sets.liking", "beyond ±999999"),
            ("[1, 2, 3]", str([*range(101)]), "liking = [0", "option_sets.liking", "more than 100 options"),
            ('set = "liking"', 'set = "x"', '"x"', "items[1].option_set", "'x' is not among the option sets"),
            ('kind = "single_choice"', 'kind = "poem"', '"poem"', "items[1].kind", "'poem' is not one of"),
            ('kind = "single_choice"', 'kind = "statement"', "option_set =", "items[1].option_set", "unknown field"),
            ('id = "breakfast"', 'id = "a b"', '"a b"', "items[1].id", "must begin with a letter"),
            ('id = "breakfast"', f'id = "{"a" * 65}"', "aaa", "items[1].id", "must begin with a letter"),
            ('id = "breakfast"', "", "[[items]]", "items[1].id", "is missing"),
        ),
        *_in(
            "tiny-several-choices",
            ("alone = [9]", "alone = [8]", "alone = [8]", "items[1].alone", "8 is not one of the options"),
            ("alone = [9]", "alone = 9", "alone = 9", "items[1].alone", "must be of type list"),
        ),
        *_in(
            "tiny-number",
            ("maximum = 500\ndec", "maximum = 0\ndec", "maximum = 0", "items[1].maximum", "must be above the minimum"),
            ("maximum = 500\ndec", "maximum = nan\ndec", "= nan", "items[1].maximum", "must be within"),
            ("maximum = 500\ndec", "maximum = 1e999999\ndec", "1e9", "items[1].maximum", "must be within"),
            ("maximum = 500\ndec", "maximum = 1e-999999\ndec", "1e-9", "items[1].maximum", "at most 400 decimals"),
            ("maximum = 500\ndec", "maximum = 1e10\ndec", "1e10", "items[1].maximum", "both within ±999999999"),
            ("decimals = 1", "decimals = 7", "= 7", "items[1].decimals", "from 0 to 6"),
            ('1\nunit = "cm"\n', '1\nunit = ""\n', 'unit = ""', "items[1].unit", "is empty"),
            ('1\nunit = "cm"\n', '1\nunit = "cm "\n', 'unit = "cm "', "items[1].unit", "no spaces around it"),
        ),
        *_in(
            "tiny-scale",
            ("maximum = 10\nskip", "maximum = 0\nskip", "maximum = 0", "items[1].maximum", "from 1 to 10000"),
            ("maximum = 10\nskip", "maximum = 10001\nskip", "10001", "items[1].maximum", "from 1 to 10000"),
        ),
        *_in("tiny-free-text", ("longest = 200", "longest = 0", "= 0", "items[1].longest", "from 1 to 10000")),
        *_in(
            "tiny-date",
            ("latest = 2029-12-31", "latest = 2019-12-31", "2019", "items[1].latest", "comes before the earliest"),
            ("latest = 2029-12-31", 'latest = "2029"', '"2029"', "items[1].latest", "must be of type date"),
            ("2029-12-31", "2029-12-31T10:00:00", "T10", "items[1].latest", "must be a date without a time"),
        ),
        *_in(
            "tiny-statement",
            ('id = "walked"', 'id = "welcome"', 'id = "welcome"\nkind = "single', "items[2].id", "occurs twice"),
            (
                'kind = "statement"',
                'kind = "statement"\nskippable = true',
                'kind = "statement"',
                "items[1].kind",
                "neither skipped",
            ),
        ),
    ]


def _conditions() -> list[Bad]:
    """What stands in a condition."""
    garden, beds = '{ item = "garden", is = 1 }', '{ item = "beds", at_least = 1 }'
    more, sown = '{ item = "beds", more_than = 10 }', '{ item = "sown", more_than = 2026-05-31 }'
    of_beds, of_late = "items[2].ask_when", "items[7].ask_when"

    def condition(new: str, problem: str, *, old: str = garden, field: str = of_beds) -> tuple[str, str, str, str, str]:
        return f"ask_when = {old}", f"ask_when = {new}", f"ask_when = {new}", field, problem

    return _in(
        "tiny-conditions",
        condition('{ item = "beds", is = 1 }', "the conditions go in a circle: beds → beds"),
        condition('{ item = "help", is = 1 }', "the conditions go in a circle"),
        (
            garden,
            '{ item = "wish", is = 1 }',
            '{ all = [{ item = "garden"',
            "items[8].ask_when",
            "in a circle: wish → ",
        ),
        condition('{ item = "sea", is = 1 }', "there is no item 'sea'"),
        condition('{ item = "wish", is = 1 }', "'wish' comes later", old=beds, field="items[3].ask_when"),
        condition('{ item = "garden", is = 3 }', "garden: 3 is not one of its options"),
        condition('{ item = "garden", at_least = 0 }', "garden: 0 is not one of its options"),
        condition('{ item = "garden", is = 1.0 }', "garden: 1.0 is not one of its options"),
        condition('{ item = "garden", is = true }', "garden: True is not one of its options"),
        condition('{ item = "garden", answered = 1 }', "garden: answered is true or false"),
        condition('{ item = "garden", is = "1" }', "a date without a time, true or false", field=f"{of_beds}.is"),
        condition('{ item = "garden" }', "a comparison has an item and one of"),
        condition('{ item = "garden", is = 1, is_not = 2 }', "a comparison has an item and one of"),
        condition('{ item = "garden", is = 1, perhaps = 2 }', "unknown field", field=f"{of_beds}.perhaps"),
        condition("{ is = 1 }", "is missing", field=f"{of_beds}.item"),
        condition("{ any = [] }", "holds no comparison", field=f"{of_beds}.any"),
        condition("{ any = [1] }", "must be a table", field=f"{of_beds}.any[1]"),
        condition(f"{{ all = [{garden}], any = [{garden}] }}", "unknown field", field=f"{of_beds}.any"),
        condition("[1]", "must be of type dict"),
        condition('{ item = "beds", at_least = 21 }', "out of its range", old=beds, field="items[3].ask_when"),
        condition('{ item = "beds", at_least = 2026-01-01 }', "with a number", old=beds, field="items[3].ask_when"),
        condition('{ item = "sown", is = 5 }', "sown: is compared with a date", old=sown, field=of_late),
        condition('{ item = "sown", is = 2030-01-01 }', "out of its range", old=sown, field=of_late),
        condition('{ item = "crops", at_least = 1 }', "several choices have no order", old=sown, field=of_late),
        (more, '{ item = "late", is = 1 }', 'any = [{ item = "late"', "items[5].ask_when", "'late' comes later"),
    )


def _scores() -> list[Bad]:
    """What stands in the scoring and its variables."""
    rule, summary = "scoring.scores[1]", "scoring.scores[4]"
    return [
        *_in(
            "tiny-koos",
            ('items = ["soil1"', 'items = ["sea"', '["sea"', f"{rule}.items", "there is no item 'sea'"),
            ('["soil1", "soil2"', '["soil1", "soil1"', '["soil1", "soil1"', f"{rule}.items", "a text occurs twice"),
            ('aggregate = "mean"', 'aggregate = "max"', '"max"', f"{rule}.aggregate", "is not one of sum, mean"),
            ("answered = 2", "answered = 5", "= 5", f"{rule}.minimum_answered", "from 1 to 4"),
            ("answered = 2", "answered = 0", "= 0", f"{rule}.minimum_answered", "from 1 to 4"),
            ("from = [0, 4]", "from = [4, 4]", "[4, 4]", f"{rule}.from", "must be two different numbers"),
            ("from = [0, 4]", "from = [0, 1e99999]", "1e99999", f"{rule}.from", "must be within"),
            ("from = [0, 4]", "", "[[scoring.scores]]", f"{rule}.from", "is missing"),
            ('scores = ["tiny_koos.soil"', 'scores = ["x"', '["x"', f"{summary}.scores", "'x' is no score that comes"),
            ("answered = 3\n", 'answered = 3\nreversed = ["soil1"]\n', "reversed", f"{summary}.reversed", "unknown"),
            ('method = "declared"', 'method = "guess"', "guess", "scoring.method", "'guess' is not one of"),
            ('name = "tiny_koos.tools"', 'name = "tiny_koos.soil"', "", "variables[2].name", "occurs twice"),
            (
                'name = "tiny_koos.tools"',
                'name = "tiny_koos.x"',
                "[[variables]]",
                "variables",
                "what the scoring gives",
            ),
        ),
        *_in(
            "tiny-phq",
            ("edges = [4, 9, 14]", "edges = [9, 4, 14]", "[9, 4", "variables[1].bands.edges", "must ascend"),
            ("edges = [4, 9, 14]", "edges = [4, 9]", "[4, 9]", "variables[1].bands.edges", "one fewer than"),
            ('"usual", "mild"', '"mild", "usual"', '"mild", "usual"', "variables[1].bands.names", "from low to high"),
            ('"usual", "mild"', '"fine", "mild"', '"fine"', "variables[1].bands.names", "'fine' is not one of"),
            ('higher_is = "worse"', 'higher_is = "better"', "names =", "variables[1].bands.names", "from low to high"),
            ('higher_is = "worse"', "", "[[variables]]", "variables[1].higher_is", "is missing"),
        ),
        *_in(
            "tiny-several-choices",
            (
                "scores = []",
                'scores = [{ variable = "x", items = ["eaten"], aggregate = "sum" }]',
                "scores = [{",
                "scoring.scores[1].items",
                "eaten has no number to be scored by",
            ),
        ),
        *_in(
            "tiny-points",
            ("eggs = [1, 2.5, 10]", "eggs = [0, 10]", "[0, 10]", "scoring.points.eggs", "a number for each option"),
            ("eggs = [1, 2.5, 10]", "ham = [0, 2, 10]", "ham", "scoring.points.ham", "must be an option set"),
            ('reversed = ["boiled"]', 'reversed = ["x"]', '["x"]', f"{rule}.reversed", "'x' is not among the items"),
            ("at_least = 2", "at_least = 4", "at_least = 4", "scoring.scores[2].top_box.at_least", "must be an option"),
            (
                'top_box = { items = ["fried"]',
                'top_box = { items = ["fried", "boiled"]',
                "top_box",
                "scoring.scores[2].top_box.items",
                "must be one item",
            ),
        ),
        *_files(),
    ]


def _files() -> list[Bad]:
    """Files beside the definition."""
    lookup, bank, table = "scoring.scores[1].lookup", "scoring.bank", "table.csv"
    names = ["../table.csv", "/etc/passwd", "..", "sub/table.csv", ".table.csv", "_table.csv"]
    places = [('"table.csv"', f'"{name}"', "lookup =", lookup, "must be the name of a file beside") for name in names]
    rows = [
        ("raw,score", "sum,score", 1, "", "the columns must be raw and score"),
        ("3,34.5", "3,many", 3, "", "must hold two numbers"),
        ("3,34.5", "3", 3, "", "must hold two numbers"),
        ("3,34.5", "3,34.5,1", 3, "", "must hold two numbers"),
        ("3,34.5", "\n3,34.5", 3, "", "must hold two numbers"),
        ("3,34.5", "3,nan", 3, "", "must hold two numbers of a usual size"),
        ("3,34.5", "3,1e999999999", 3, "", "must hold two numbers of a usual size"),
        ("3,34.5", "2.0,34.5", 3, "raw", "occurs twice"),
    ]
    return [
        *_in("tiny-lookup", *places),
        *_in("tiny-lookup", ('"table.csv"', '"gone.csv"', "", "", "the file is missing")),
        *(
            Bad(instrument="tiny-lookup", file=table, old=old, new=new, at=f"line {line}", field=field, problem=problem)
            for old, new, line, field, problem in rows
        ),
        *_in(
            "promis-anxiety",
            ('bank = "bank.csv"', 'bank = "gone.csv"', "gone.csv", bank, "the file is missing"),
            ('bank = "bank.csv"', 'bank = "../bank.csv"', "../bank.csv", bank, "must be the name of a file beside"),
            ('bank_hash = "sha256:d', 'bank_hash = "sha256:0', "sha256:0", "scoring.bank_hash", "content is sha256:d3"),
            ('rule = "promis-adult"', 'rule = "mine"', '"mine"', "scoring.rule", "'mine' is not one of"),
            ('paper_form = "8a"', 'paper_form = "9a"', '"9a"', "scoring.paper_form", "is not among the short forms"),
            ('id = "6a"', 'id = "4a"', "", "scoring.short_forms[2].id", "'4a' occurs twice"),
            ('"EDANX01", "EDANX40"', '"EDANX01", "x"', '"x"', "scoring.short_forms[1].items", "no item 'x'"),
            ('id = "EDANX55"', 'id = "EDANX56"', "items = [", "items", "EDANX55: is not in the items"),
            ('id = "EDANX55"', 'id = "A"', '"A"', "items[29]", "A: is not in the bank"),
            ("[1, 2, 3, 4, 5]", "[1, 2, 3, 4]", "EDANX01", "items[1]", "EDANX01: the options must be 1 to 5"),
            (
                'id = "EDANX01", kind = "single_choice",',
                'id = "EDANX01", may_not_apply = true, kind = "single_choice",',
                "items = [",
                "items",
                "have no conditions",
            ),
        ),
        *(
            Bad(instrument="promis-anxiety", file="bank.csv", old=old, new=new, field=bank, at=at, problem=problem)
            for old, new, at, problem in [
                ("3.60215442398953", "steep", "bank = ", "bank.csv: line 2: column a: 'steep' is not a number"),
                ("3.60215442398953", "-3.6", "bank = ", "bank.csv: line 2"),
                ("EDANX02", "EDANX01", "bank = ", "EDANX01: the id occurs twice"),
                ("item_id,a", "item_id,c", "bank = ", "bank.csv: line 1: unknown column 'c'"),
            ]
        ),
        *_in(
            "eq5d-5l",
            ('id = "vas"', 'id = "other"', "[[items]]", "items", "EQ-5D has these, in this order: mobility"),
            (
                "mobility = [1, 2, 3, 4, 5]",
                "mobility = [1, 2, 3]",
                '[[items]]\nid = "mobility"',
                "items[1]",
                "mobility: must be as EQ-5D has it",
            ),
            ('version = "5L"', 'version = "4L"', '"4L"', "scoring.version", "is not one of 3L, 5L, Y-3L"),
            ('"SE-2020-TTO"', '"XX-1900-TTO"', "XX-1900", "scoring.value_set", "XX-1900-TTO"),
            ('"SE-2020-TTO"', '"SE-2014-TTO"', "SE-2014", "scoring.value_set", "SE-2014-TTO is for EQ-5D-3L"),
            ('value_set = "SE-2020-TTO"\n', "", "[scoring]", "scoring.value_set", "must name a value set"),
            ('"fixed"', '"adaptive"', '"adaptive"', "administration", "EQ-5D is given whole and in fixed order"),
        ),
    ]


CASES = [*_top(), *_items(), *_conditions(), *_scores()]
