"""Reads: one resource, a page of a list, a group of any size, without holding up other requests.

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
from provisor.provider.model.documents import id_of, load, located, members_text
from provisor.provider.model.profiles import KINDS, ResourceKind, at_root
from provisor.provider.model.sorting import Key, SortKey, sort_key, sort_place
from provisor.provider.query import cursors
from provisor.provider.query.chunks import Text, enclosed
from provisor.provider.query.find import FoundPage, answer, compile_query, name_asked, named, page
from provisor.provider.query.positions import Positions
from provisor.provider.store import member_rows
from provisor.provider.store.resource_rows import READ_BY_NAME, READ_DOCUMENT
from provisor.provider.verbs.rendered import groups_of_page, projected, rendered, rendered_all, values_beside
from provisor.provider.verbs.request import ScimRequest
from provisor.scim.errors import not_found, too_many
from provisor.scim.messages import LIST_RESPONSE_URN

AT_ONCE = 250  # members read before others get a turn: about half a millisecond
PAGE_MEMBERS = 50_000  # a page of groups ends early when it holds so many members; itemsPerPage says so
MERGED_RESULTS = 10_000  # sorted over every kind: as many documents of each are held to find a page
FEW_READS = 16  # between two commits: the way to a thread and back would cost more CPU than they do
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
        """Whether little was read since this was last asked: then a commit may keep the loop waiting."""
        asked, self._asked_before = self._asked_before, self._asked
        return self._asked - asked <= FEW_READS

    @property
    def connection(self) -> Connection:
        """The event loop's own connection for short reads."""
        return self._connection

    def close(self) -> None:
        """End the threads; connections close with the database."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def at_once(self, request: ScimRequest) -> tuple[str, int | str] | None:
        """A user by id, and the version, where that is a short read of a local file; else None.

        Raises ScimError 404.
        """
        if self._ask is not None or request.kind != "User":
            return None
        self._asked += 1
        return self._user(request, self._connection.one(READ_DOCUMENT, _key(request)))

    def by_name(self, request: ScimRequest, name: str) -> str | None:
        """The ListResponse with the user of that name, where that is a short read of a local file; else None."""
        if self._ask is not None:
            return None
        self._asked += 1
        return self._named(request, self._connection.one(READ_BY_NAME, (request.tenant.number, "User", name)))

    def _user(self, request: ScimRequest, row: Row | None) -> tuple[str, int | str]:
        if row is None:
            raise not_found(request.kind, request.id)
        document, version = row
        return rendered(request, document, version, values_beside(self._connection, request, request.id))

    def _named(self, request: ScimRequest, row: Row | None) -> str:
        total, documents = named(row, request)
        texts = self._rendered(documents, request)
        return f"{_LIST}{total},{_page(texts, request)}{','.join(texts)}]}}"

    async def read(self, request: ScimRequest) -> tuple[Text, int | str]:
        """A resource as the client is to see it, and its version; or a ListResponse. Raises ScimError 404."""
        return await self._one(request) if request.id else (await self._many(request), 0)

    async def _one(self, request: ScimRequest) -> tuple[Text, int | str]:
        self._asked += 1
        if request.kind == "Group" and request.wants("members"):
            return await self._group(request)
        row = await self._row(READ_DOCUMENT, _key(request))
        if row is not None and request.kind == "Group":
            return rendered(request, *row)
        return self._user(request, row)

    async def _row(self, sql: str, values: Sequence[object]) -> Row | None:
        """The row that an index leads to; with a database server it does not block the loop."""
        return self._connection.one(sql, values) if self._ask is None else await self._ask(sql, values)

    @staticmethod
    def _read(connection: Connection, request: ScimRequest) -> tuple[str, int]:
        row = connection.one(READ_DOCUMENT, _key(request))
        if row is None:
            raise not_found(request.kind, request.id)
        return row[0], row[1]

    async def _group(self, request: ScimRequest) -> tuple[Text, int | str]:
        connection = self._connection
        connection.execute("BEGIN")  # the document and its members of one moment
        try:
            document, version = self._read(connection, request)
            few = member_rows.few_of_all(connection, [request.id], AT_ONCE)
        finally:
            connection.execute("COMMIT")
        if few is not None:
            return rendered(request, document, version, members_text(few[request.id], request.base))
        async with self._snapshot_free:
            self._snapshots.execute("BEGIN")
            try:
                document, version = self._read(self._snapshots, request)
                text, _ = await self._in_steps(document, request)
            finally:
                self._snapshots.execute("COMMIT")
        return text, version

    async def _in_steps(self, document: str, request: ScimRequest) -> tuple[Text, int]:
        """A group with all its members, read in steps of the open snapshot; and how many they are."""
        group_id = id_of(document)
        some = member_rows.read_some(self._snapshots, group_id, "", AT_ONCE)
        if len(some) < AT_ONCE:
            return rendered(request, document, 0, members_text(some, request.base))[0], len(some)
        pieces, read = [f'{located(document, "Group", request.base)[:-1]},"members":['.encode()], 0
        while some:
            pieces.append(f"{',' if read else ''}{members_text(some, request.base)}".encode())
            read += len(some)
            await asyncio.sleep(0)
            some = member_rows.read_some(self._snapshots, group_id, some[-1].id, AT_ONCE)
        pieces.append(b"]}")
        return pieces if request.as_stored else projected(request, b"".join(pieces).decode()), read

    async def _many(self, request: ScimRequest) -> Text:
        """A ListResponse of one kind, or of every kind, users first; what one kind lacks is absent there."""
        if request.cursor is not None:
            return await self._by_cursor(request)
        name = None if request.root else name_asked(request.filter, request.kind)
        if name is not None and request.kind == "User":
            self._asked += 1
            return self._named(request, await self._row(READ_BY_NAME, (request.tenant.number, "User", name)))
        return _list_response(*await self._found(request), request)

    async def _found(self, request: ScimRequest) -> tuple[int, Sequence[Text]]:
        return await (self._every(request) if request.root else self._of_kind(request))

    async def _of_kind(self, request: ScimRequest) -> tuple[int, Sequence[Text]]:
        found = await self._find(request)
        return found.total, await self._texts(found.documents, request)

    async def _every(self, request: ScimRequest) -> tuple[int, Sequence[Text]]:
        if request.sort_by is not None:
            return await self._merged(request, request.sort_by)
        total, texts = 0, list[Text]()
        for kind in KINDS:
            start, count = max(request.start_index - total, 1), request.count - len(texts)
            found, more = await self._of_kind(replace(request, kind=kind, start_index=start, count=count))
            total += found
            texts += more
        return total, texts

    async def _merged(self, request: ScimRequest, sort_by: str) -> tuple[int, Sequence[Text]]:
        """Every kind in one order: of each as many as the page can reach. Raises ScimError tooMany for a far page."""
        reach = request.start_index - 1 + request.count if request.count else 0
        if reach > MERGED_RESULTS:
            raise too_many(f"Of every kind {MERGED_RESULTS} sorted results can be reached; ask /Users and /Groups.")
        total, found = 0, list[tuple[Key, ResourceKind, str]]()
        for kind in KINDS:
            some = await self._find(replace(request, kind=kind, start_index=1, count=reach))
            key = sort_key(sort_place(sort_by, at_root(request.tenant.profile, kind)))
            total += some.total
            found += await asyncio.get_running_loop().run_in_executor(self._threads, _keyed, key, kind, some.documents)
        found.sort(key=itemgetter(0), reverse=request.descending)
        texts: list[Text] = []
        for kind, run in groupby(found[request.start_index - 1 : reach], key=itemgetter(1)):
            documents = [document for _, _, document in run]
            shown = await self._texts(documents, replace(request, kind=kind))
            texts += shown
            if len(shown) < len(documents):
                break  # groups with very many members: the next page continues behind them
        return total, texts

    async def _by_cursor(self, request: ScimRequest) -> Text:
        """A ListResponse of one kind or of every, whose cursors lead to the pages beside it (RFC 9865)."""
        self._asked += 1
        kinds = KINDS if request.root else (request.kind,)
        loop = asyncio.get_running_loop()
        key = await loop.run_in_executor(self._threads, cursors.secret, self._database, request.tenant)
        query = cursors.query_of(request, kinds)
        now = request.now // 1_000_000
        count = request.count if request.counted else None
        cursor = cursors.read(request.cursor or "", key, query, now=now, count=count)
        if cursor is not None:
            request = replace(request, count=cursor.page_size)

        def told(mode: cursors.CursorMode, position: int | None) -> str:
            if position is None:
                return ""
            text = cursors.write(cursors.PageCursor(mode, position, now, request.count), key, query)
            return f'"{"previousCursor" if mode in ("before", "back") else "nextCursor"}":"{text}",'

        if request.sort_by is not None:
            return await self._by_offset(request, 0 if cursor is None else cursor.position, told)
        page = await loop.run_in_executor(
            self._threads,
            lambda: cursors.page(self._database.reader(), request.tenant, kinds, request, cursor),
        )
        texts: list[Text] = []
        for kind in kinds:
            documents = [document for _, other, document in page.rows if other == kind]
            if documents:
                shown = await self._texts(documents, replace(request, kind=kind))
                texts += shown
                if len(shown) < len(documents):
                    break  # groups with very many members: the next page continues behind them
        after = page.after if len(texts) == len(page.rows) else page.rows[len(texts) - 1][0]
        return _cursor_response(page.total, texts, told("before", page.before) + told("after", after))

    async def _by_offset(
        self, request: ScimRequest, skip: int, told: Callable[[cursors.CursorMode, int | None], str]
    ) -> Text:
        """Sorted pages: the order is of a column that changes, so a cursor says how many came before."""
        total, texts = await self._found(replace(request, start_index=skip + 1, cursor=None))
        before = None if not skip else max(skip - request.count, 0)
        after = skip + len(texts) if request.count and skip + len(texts) < total and texts else None
        return _cursor_response(total, texts, told("back", before) + told("offset", after))

    async def _texts(self, documents: Sequence[str], request: ScimRequest) -> Sequence[Text]:
        """Documents of one kind as the client is to see them; fewer when groups have very many members."""
        if request.kind == "User" or not documents or not request.wants("members"):
            return self._rendered(documents, request)
        few = member_rows.few_of_all(self._connection, [id_of(document) for document in documents], AT_ONCE)
        if few is None:
            return await self._large_groups(documents, request)
        return rendered_all(
            request, documents, {id_: members_text(members, request.base) for id_, members in few.items()}
        )

    def _rendered(self, documents: Sequence[str], request: ScimRequest) -> list[str]:
        """Users, with the groups of the whole page asked for at once; or groups without their members."""
        users = request.kind == "User"
        values = groups_of_page(self._connection, request, documents) if users else {}
        return rendered_all(request, documents, values)

    async def _find(self, request: ScimRequest) -> FoundPage:
        self._asked += 1
        name = name_asked(request.filter, request.kind)
        if name is not None:
            row = self._connection.one(READ_BY_NAME, (request.tenant.number, request.kind, name))
            return named(row, request)
        if request.filter is None and request.sort_by is None:
            if not self._positions.far(request.tenant.number, request.kind, request.start_index - 1):
                return page(self._connection, request, self._positions)
            return await self._in_thread(lambda reader: page(reader, request, self._positions))
        query = compile_query(request, request.kind)
        if query.quick:
            return answer(self._connection, request, query)
        return await self._in_thread(lambda reader: answer(reader, request, query))

    async def _in_thread(self, find: Callable[[Connection], FoundPage]) -> FoundPage:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: find(self._database.reader()))

    async def _large_groups(self, documents: Sequence[str], request: ScimRequest) -> list[Text]:
        texts: list[Text] = []
        total = 0
        async with self._snapshot_free:
            self._snapshots.execute("BEGIN")
            try:
                for document in documents:
                    text, read = await self._in_steps(document, request)
                    texts.append(text)
                    total += read
                    if total >= PAGE_MEMBERS:
                        break
            finally:
                self._snapshots.execute("COMMIT")
        return texts


def _keyed(key: SortKey, kind: ResourceKind, documents: Sequence[str]) -> list[tuple[Key, ResourceKind, str]]:
    return [(key(load(document)), kind, document) for document in documents]


def _list_response(total: int, texts: Sequence[Text], request: ScimRequest) -> Text:
    return enclosed(f"{_LIST}{total},{_page(texts, request)}", texts, "]}")


def _page(texts: Sequence[Text], request: ScimRequest) -> str:
    return f'"startIndex":{request.start_index},"itemsPerPage":{len(texts)},"Resources":['


def _cursor_response(total: int | None, texts: Sequence[Text], told: str) -> Text:
    counted = "" if total is None else f'"totalResults":{total},'
    head = f'{{"schemas":["{LIST_RESPONSE_URN}"],{counted}{told}"itemsPerPage":{len(texts)},"Resources":['
    return enclosed(head, texts, "]}")


def _key(request: ScimRequest) -> tuple[object, ...]:
    return request.id, request.tenant.number, request.kind
