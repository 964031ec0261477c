"""The key file is made at first use, by however many threads of a service at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from provisor.storage.secrets import load_key


def test_threads_that_make_the_key_at_once_have_the_same(tmp_path):
    together = Barrier(8)

    def load(number):
        together.wait()
        return load_key(tmp_path / str(number) / "secret.key").ids

    with ThreadPoolExecutor(8) as threads:
        for number in range(20):
            found = list(threads.map(load, [number] * 8))

            assert all(ids == found[0] for ids in found)
