"""XLIFF, the exchange format of translation tools: what labels and exchange files share in reading it.

Parsed with defusedxml: a document type, an entity or a reference to elsewhere refuses the file (lxml could be told the
same, but openpyxl needs defusedxml anyway, and one parser is enough to keep safe).
"""

from xml.etree.ElementTree import Element, ParseError  # types only: defusedxml parses

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from translations.po import WordingError, line_at
from translations.sentences import Where, mark

V1 = "{urn:oasis:names:tc:xliff:document:1.2}"
V2 = "{urn:oasis:names:tc:xliff:document:2.0}"


def parse_xml(content: bytes, *, file: str) -> Element:
    """The root of a file. Raises ``WordingError`` for what is not well formed, and for what reaches beyond itself."""
    try:
        root: Element = fromstring(content, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise WordingError(file, "", mark("has a document type or entities, which are not taken")) from None
    except ParseError as error:
        raise WordingError(file, line_at(error.position[0]), mark("is no well-formed XML")) from None
    except (ValueError, LookupError):  # an encoding that nobody knows
        raise WordingError(file, line_at(1), mark("is in an encoding that is not known")) from None
    return root


def check_language(file: str, named: str | None, attribute: str, locale: str) -> None:
    """Raises ``WordingError`` unless a file's language is the one it is to be."""
    if named is None or named.replace("-", "_").lower() != locale.replace("-", "_").lower():
        values = {"found": repr(named or ""), "wanted": repr(locale)}
        raise WordingError(file, attribute, mark("%(found)s is not %(wanted)s"), values=values)


def plain_text(element: Element, *, file: str, place: Where) -> str:
    """The text of a source or target. Raises ``WordingError`` if it is more than text."""
    if len(element):
        problem = mark("its %(element)s holds inline codes; a text here is plain")
        raise WordingError(file, place, problem, values={"element": element.tag.rpartition("}")[2]})
    return element.text or ""
