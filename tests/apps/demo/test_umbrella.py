"""The demo's own Umbrella: what is started is ended, whatever happens in between."""

import time

import pytest

from provisor.demo import umbrella
from provisor.demo.umbrella import Umbrella


def test_a_target_that_is_interrupted_while_it_starts_does_not_outlive_the_demo(tmp_path, monkeypatch):
    class Clock:
        monotonic = staticmethod(time.monotonic)

        @staticmethod
        def sleep(_seconds):
            raise KeyboardInterrupt

    monkeypatch.setattr(umbrella, "time", Clock)
    target = Umbrella(tmp_path)

    with pytest.raises(KeyboardInterrupt), target:
        pass

    assert target.process.poll() is not None
