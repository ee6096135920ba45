"""Search by our own table of words, the same on both databases.

Latin words count whole and match by their beginning; Chinese text counts as single characters and pairs, so that a
two-character word finds its record.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import models
from django.db.models import Q

from guantong.core import sql
from guantong.core.access import Actor
from guantong.core.models import SearchToken
from guantong.core.registry import registry
from guantong.core.resource import Resource, kind_of
from guantong.core.schema import FieldSpec

WORD = re.compile(r"[^\W_]+", re.UNICODE)
CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
MAX_WORD, MAX_WORDS = 40, 500


def words_of(text: str) -> set[str]:
    """Search words of a text, lower case and without accents."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    folded = unicodedata.normalize("NFKC", "".join(char for char in folded if not unicodedata.combining(char)))
    found: set[str] = set()
    for match in WORD.finditer(folded):
        for piece in _split_scripts(match.group()):
            found |= _pairs(piece) if CJK.match(piece) else {piece[:MAX_WORD]}
    return set(sorted(found)[:MAX_WORDS])


def _split_scripts(word: str) -> list[str]:
    return re.findall(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\u3400-\u9fff\uf900-\ufaff]+", word)


def _pairs(text: str) -> set[str]:
    return set(text) | {text[i : i + 2] for i in range(len(text) - 1)}


def query_words(text: str) -> set[str]:
    """Words of a question: Chinese by pairs alone where there are two characters or more."""
    words = words_of(text[:200])
    return {w for w in words if not (len(w) == 1 and CJK.match(w) and any(w in o and len(o) == 2 for o in words))}


def index_words(resource: type[Resource], rows: Sequence[Any], fresh: Collection[int] = ()) -> None:
    """Replace the words of these rows; ``fresh`` rows have none yet."""
    kind = kind_of(resource.model)
    old = [row.pk for row in rows if row.pk not in fresh]
    if old:
        sql.delete(SearchToken, "object_id", old, where={"kind": kind})
    tokens = [
        {
            "kind": kind,
            "object_id": row.pk,
            "field": field,
            "token": word,
            "company_id": getattr(row, "company_id", None),
        }
        for row in rows
        for field, text in _texts(resource, row)
        for word in sorted(words_of(text))
    ]
    if tokens:
        sql.insert(SearchToken, tokens, returning=False)


def _texts(resource: type[Resource], row: Any) -> Iterable[tuple[str, str]]:
    for name in resource.search:
        source = resource.aliases.get(name, name)
        value = getattr(row, source, "")
        if isinstance(value, dict):
            yield source, " ".join(value.values())
        elif isinstance(value, str):
            yield source, value


def matching(resource: type[Resource], text: str, actor: Actor) -> Q:
    """A filter for rows whose own words, or whose searchable references' words, hold every word of the text.

    Words of fields that the actor may not see find nothing.
    """
    words = query_words(text)
    if not words:
        return Q(pk__in=[])
    rule = Q()
    references = _references(resource, actor)
    for word in sorted(words):
        one = Q(pk__in=_ids(resource, word, actor))
        for spec, target in references:
            one |= Q(**{f"{spec.source}__in": _ids(target, word, actor)})
        rule &= one
    return rule


def _references(resource: type[Resource], actor: Actor) -> list[tuple[FieldSpec, type[Resource]]]:
    specs, hidden = resource.specs(), actor.hidden_fields(resource)
    wanted = [specs[name] for name in resource.search if name in specs and name not in hidden]
    found = [(spec, registry.resource_of(spec.model)) for spec in wanted if spec.kind == "ref" and spec.model]
    return [(spec, target) for spec, target in found if target is not None]


def _ids(resource: type[Resource], word: str, actor: Actor) -> models.QuerySet[Any, Any]:
    """Objects with a word that begins so; a range, because binary collation can use the index for it."""
    exact = len(word) <= 2 and bool(CJK.match(word))
    rows = SearchToken.objects.filter(kind=kind_of(resource.model))
    rows = rows.filter(token=word) if exact else rows.filter(token__gte=word, token__lt=word + "\U0010ffff")
    hidden = actor.hidden_fields(resource)
    if hidden:
        rows = rows.exclude(field__in=[resource.aliases.get(name, name) for name in hidden])
    return rows.values("object_id")
