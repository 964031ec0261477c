"""Reads: one resource, a page of a list, a group of any size, without ever holding up other requests.

Statements that an index answers run on the event loop: they take microseconds. Queries that must look at many rows run
in a thread. The members of a large group are read in short steps of one snapshot, and other requests go in between.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from operator import itemgetter

from provisor.database import Connection, Database, Row
from provisor.provider.model.documents import ENDPOINTS, TAILS, load, located, members_text, with_groups, with_list
from provisor.provider.model.profiles import KINDS, Kind, at_root
from provisor.provider.model.sorting import Key, SortKey, sort_key, sort_place
from provisor.provider.query import cursors
from provisor.provider.query.chunks import Text, enclosed
from provisor.provider.query.find import Found, Question, answer, by_name, compile_query, name_asked, named, page
from provisor.provider.query.positions import Positions
from provisor.provider.store import member_rows
from provisor.provider.store.resource_rows import READ_BY_NAME, READ_DOCUMENT
from provisor.provider.verbs.resources import Call, groups_text, projected, user_groups_text, wants
from provisor.scim.errors import not_found, too_many
from provisor.scim.messages import LIST_RESPONSE_URN

AT_ONCE = 250  # members read without letting others in between: about half a millisecond
PAGE_MEMBERS = 50_000  # a page of groups ends early when it holds so many members; itemsPerPage says so
MERGED_RESULTS = 10_000  # sorted over every kind: as many documents of each are held to find a page
_QUERY_THREADS = 2

_LIST = f'{{"schemas":["{LIST_RESPONSE_URN}"],"totalResults":'


class Reader:
    """Answers GETs. Belongs to one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection = database.reader()
        self._ask = database.asking()
        self._snapshots = database.connect()
        self._snapshot_free = asyncio.Lock()
        self._threads = ThreadPoolExecutor(_QUERY_THREADS, thread_name_prefix="query")
        self._positions = Positions()
        self._asked = 0  # reads so far
        self._asked_before = 0

    def quiet(self) -> bool:
        """Whether nothing was read since this was last asked: then a commit may keep the loop waiting."""
        asked, self._asked_before = self._asked_before, self._asked
        return asked == self._asked

    @property
    def connection(self) -> Connection:
        """The event loop's own connection for short reads."""
        return self._connection

    def close(self) -> None:
        """End the threads; connections close with the database."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def one(self, call: Call) -> tuple[Text, int | str]:
        """A resource as the client is to see it, and its version. Raises ScimError 404."""
        self._asked += 1
        if call.kind == "Group" and wants(call, "members"):
            return await self._group(call)
        row = await self._row(READ_DOCUMENT, (call.id, call.tenant.number, call.kind))
        if row is None:
            raise not_found(call.kind, call.id)
        document, version = row
        text = located(document, call.kind, call.base)
        if call.kind == "User" and call.tenant.profile.shows_groups:
            text, told = with_groups(text, version, user_groups_text(self._connection, call, call.id))
            return projected(text, call), told
        return projected(text, call), version

    async def _row(self, sql: str, values: Sequence[object]) -> Row | None:
        """The row that an index leads to; on a server the loop goes on meanwhile."""
        return self._connection.one(sql, values) if self._ask is None else await self._ask(sql, values)

    @staticmethod
    def _read(connection: Connection, call: Call) -> tuple[str, int]:
        row = connection.one(READ_DOCUMENT, (call.id, call.tenant.number, call.kind))
        if row is None:
            raise not_found(call.kind, call.id)
        return row[0], row[1]

    async def _group(self, call: Call) -> tuple[Text, int]:
        connection = self._connection
        connection.execute("BEGIN")  # the document and its members of one moment
        try:
            document, version = self._read(connection, call)
            few = member_rows.read_some(connection, call.id, limit=AT_ONCE + 1)
        finally:
            connection.execute("COMMIT")
        if len(few) <= AT_ONCE:
            short = with_list(located(document, "Group", call.base), "members", members_text(few, call.base))
            return projected(short, call), version
        async with self._snapshot_free:
            self._snapshots.execute("BEGIN")
            try:
                document, version = self._read(self._snapshots, call)
                text, _ = await self._with_members(document, call)
            finally:
                self._snapshots.execute("COMMIT")
        return text, version

    async def _with_members(self, document: str, call: Call) -> tuple[Text, int]:
        """A group with all its members, read in steps of the open snapshot; and how many they are."""
        text, group_id = located(document, "Group", call.base), id_of(document)
        some = member_rows.read_some(self._snapshots, group_id, "", AT_ONCE)
        if len(some) < AT_ONCE:
            return projected(with_list(text, "members", members_text(some, call.base)), call), len(some)
        pieces, read = [f'{text[:-1]},"members":['.encode()], 0
        while some:
            pieces.append(f"{',' if read else ''}{members_text(some, call.base)}".encode())
            read += len(some)
            await asyncio.sleep(0)
            some = member_rows.read_some(self._snapshots, group_id, some[-1].id, AT_ONCE)
        pieces.append(b"]}")
        return pieces if call.as_stored else projected(b"".join(pieces).decode(), call), read

    async def many(self, call: Call, question: Question) -> Text:
        """A ListResponse of one kind."""
        name = name_asked(question.filter, call.kind)
        if name is not None and call.kind == "User":  # what a provisioning client asks before nearly every write
            self._asked += 1
            found = named(await self._row(READ_BY_NAME, (call.tenant.number, call.kind, name)), question)
            return _list_response(found.total, self._shown(found.documents, call), question)
        return _list_response(*await self._found(call, question), question)

    async def every(self, call: Call, question: Question) -> Text:
        """A ListResponse of every kind, users first; an attribute that one kind lacks is absent there."""
        return _list_response(*await self._every(call, replace(question, root=True)), question)

    async def _every(self, call: Call, question: Question) -> tuple[int, Sequence[Text]]:
        if question.sort_by is not None:
            return await self._merged(call, question, question.sort_by)
        total, texts = 0, list[Text]()
        for kind in KINDS:
            rest = replace(
                question,
                start_index=max(question.start_index - total, 1),
                count=question.count - len(texts),
            )
            found, more = await self._found(replace(call, kind=kind), rest)
            total += found
            texts += more
        return total, texts

    async def _merged(self, call: Call, question: Question, sort_by: str) -> tuple[int, Sequence[Text]]:
        """Every kind in one order: of each as many as the page can reach. Raises ScimError tooMany for a far page."""
        reach = question.start_index - 1 + question.count if question.count else 0
        if reach > MERGED_RESULTS:
            raise too_many(f"Of every kind {MERGED_RESULTS} sorted results can be reached; ask /Users and /Groups.")
        total, found = 0, list[tuple[Key, Kind, str]]()
        for kind in KINDS:
            some = await self._find(replace(call, kind=kind), replace(question, start_index=1, count=reach))
            key = sort_key(sort_place(sort_by, at_root(call.tenant.profile, kind)))
            total += some.total
            found += await asyncio.get_running_loop().run_in_executor(self._threads, _keyed, key, kind, some.documents)
        found.sort(key=itemgetter(0), reverse=question.descending)
        texts: list[Text] = []
        for kind, run in groupby(found[question.start_index - 1 : reach], key=itemgetter(1)):
            documents = [document for _, _, document in run]
            shown = await self._texts(documents, replace(call, kind=kind))
            texts += shown
            if len(shown) < len(documents):
                break  # groups with very many members: the next page goes on behind them
        return total, texts

    async def by_cursor(self, call: Call, question: Question, *, every: bool) -> Text:
        """A ListResponse of one kind or of every, whose cursors lead to the pages beside it (RFC 9865)."""
        self._asked += 1
        kinds = KINDS if every else (call.kind,)
        question = replace(question, root=every)
        loop = asyncio.get_running_loop()
        key = await loop.run_in_executor(self._threads, cursors.secret, self._database, call.tenant)
        query = cursors.query_of(question, kinds)
        now = call.now // 1_000_000
        count = question.count if question.counted else None
        cursor = cursors.read(question.cursor or "", key, query, now=now, count=count)
        if cursor is not None:
            question = replace(question, count=cursor.page_size)

        def told(mode: cursors.Mode, position: int | None) -> str:
            if position is None:
                return ""
            text = cursors.write(cursors.Cursor(mode, position, now, question.count), key, query)
            return f'"{"previousCursor" if mode in ("before", "back") else "nextCursor"}":"{text}",'

        if question.sort_by is not None:
            return await self._by_offset(call, question, 0 if cursor is None else cursor.position, told, every=every)
        page = await loop.run_in_executor(
            self._threads,
            lambda: cursors.page(self._database.reader(), call.tenant, kinds, question, cursor, call.base),
        )
        texts: list[Text] = []
        for kind in kinds:
            documents = [document for _, other, document in page.rows if other == kind]
            if documents:
                shown = await self._texts(documents, replace(call, kind=kind))
                texts += shown
                if len(shown) < len(documents):
                    break  # groups with very many members: the next page goes on behind them
        after = page.after if len(texts) == len(page.rows) else page.rows[len(texts) - 1][0]
        return _cursor_response(page.total, texts, told("before", page.before) + told("after", after))

    async def _by_offset(
        self, call: Call, question: Question, skip: int, told: Callable[[cursors.Mode, int | None], str], *, every: bool
    ) -> Text:
        """Sorted pages: the order is of a column that changes, so a cursor says how many came before."""
        asked = replace(question, start_index=skip + 1, cursor=None)
        total, texts = await (self._every if every else self._found)(call, asked)
        before = None if not skip else max(skip - question.count, 0)
        after = skip + len(texts) if question.count and skip + len(texts) < total and texts else None
        return _cursor_response(total, texts, told("back", before) + told("offset", after))

    async def _found(self, call: Call, question: Question) -> tuple[int, Sequence[Text]]:
        found = await self._find(call, question)
        return found.total, await self._texts(found.documents, call)

    async def _texts(self, documents: Sequence[str], call: Call) -> Sequence[Text]:
        """Documents of one kind as the client is to see them; fewer when groups have very many members."""
        if call.kind == "Group" and wants(call, "members") and documents:
            return await self._groups(documents, call)
        return self._shown(documents, call)

    async def _find(self, call: Call, question: Question) -> Found:
        self._asked += 1
        name = name_asked(question.filter, call.kind)
        if name is not None:
            return by_name(self._connection, call.tenant, call.kind, name, question)
        if question.filter is None and question.sort_by is None:
            return await self._page(call, question)
        query = compile_query(question, call.kind, call.tenant, call.base)
        if query.quick:
            return answer(self._connection, call.tenant, call.kind, question, query)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads,
            lambda: answer(self._database.reader(), call.tenant, call.kind, question, query),
        )

    async def _page(self, call: Call, question: Question) -> Found:
        if not self._positions.far(call.tenant.number, call.kind, question.start_index - 1):
            return page(self._connection, call.tenant, call.kind, question, self._positions)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads,
            lambda: page(self._database.reader(), call.tenant, call.kind, question, self._positions),
        )

    def _shown(self, documents: Sequence[str], call: Call) -> list[str]:
        base, kind = call.base, call.kind
        tail = TAILS[kind]
        texts = [f"{document[:-tail]}{base}{document[-tail:]}" for document in documents]  # `located`, a hundred times
        if kind == "User" and call.tenant.profile.shows_groups and wants(call, "groups"):
            ids = [id_of(document) for document in documents]
            groups = member_rows.groups_of_all(self._connection, ids)  # of the whole page at once
            texts = [
                with_groups(text, 0, groups_text(groups[id_], base))[0] if id_ in groups else text
                for text, id_ in zip(texts, ids, strict=True)
            ]
        return texts if call.as_stored else [projected(text, call) for text in texts]

    async def _groups(self, documents: Sequence[str], call: Call) -> Sequence[Text]:
        return self._small_groups(documents, call) or await self._large_groups(documents, call)

    def _small_groups(self, documents: Sequence[str], call: Call) -> list[str] | None:
        """Groups that have few members altogether, without waiting for who reads many; else None."""
        found = member_rows.few_of_all(self._connection, [id_of(document) for document in documents], AT_ONCE)
        if found is None:
            return None
        texts = []
        for document in documents:
            text, some = located(document, "Group", call.base), found[id_of(document)]
            texts.append(projected(with_list(text, "members", members_text(some, call.base)), call))
        return texts

    async def _large_groups(self, documents: Sequence[str], call: Call) -> list[Text]:
        texts: list[Text] = []
        total = 0
        async with self._snapshot_free:
            self._snapshots.execute("BEGIN")
            try:
                for document in documents:
                    text, read = await self._with_members(document, call)
                    texts.append(text)
                    total += read
                    if total >= PAGE_MEMBERS:
                        break
            finally:
                self._snapshots.execute("COMMIT")
        return texts


def _keyed(key: SortKey, kind: Kind, documents: Sequence[str]) -> list[tuple[Key, Kind, str]]:
    return [(key(load(document)), kind, document) for document in documents]


def _list_response(total: int, texts: Sequence[Text], question: Question) -> Text:
    head = f'{_LIST}{total},"startIndex":{question.start_index},"itemsPerPage":{len(texts)},"Resources":['
    return enclosed(head, texts, "]}")


def _cursor_response(total: int | None, texts: Sequence[Text], told: str) -> Text:
    counted = "" if total is None else f'"totalResults":{total},'
    head = f'{{"schemas":["{LIST_RESPONSE_URN}"],{counted}{told}"itemsPerPage":{len(texts)},"Resources":['
    return enclosed(head, texts, "]}")


def id_of(document: str) -> str:
    """The id of a stored document: it ends with its location."""
    return document[-36 - len('"}}') : -len('"}}')]


def location(call: Call, id_: str) -> str:
    """The address of a resource."""
    return f"{call.base}{ENDPOINTS[call.kind]}{id_}"
