"""What is left when the demo is done: its service with the portal, and the target, until somebody ends them.

The portal is entered by a link that is good once and for 15 minutes. Its service runs the job: what is changed in the
portal is carried out within seconds.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urljoin

from provisor.admin.roles import GLOBAL_ADMINISTRATOR
from provisor.admin.session import Listening, Session
from provisor.demo.umbrella import Umbrella
from provisor.terminal import complain, say

ADMINISTRATOR = "demo"
HOST, ANY_PORT = "127.0.0.1", 0


def stay(session: Session, umbrella: Umbrella, folder: Path, also: Sequence[str] = ()) -> None:
    """Serve the demo's portal and its job until Ctrl-C or SIGTERM; first say how to get in, and `also`
    what else runs.
    """
    from provisor.admin.actor import SERVICE_ITSELF
    from provisor.admin.health import Pulse

    admin, pulse = session.admin, Pulse()
    admin.accounts.add(session.actor, ADMINISTRATOR, (GLOBAL_ADMINISTRATOR,))
    try:
        with session.site(admin, SERVICE_ITSELF, pulse, Listening(host=HOST, port=ANY_PORT)) as url:
            link = admin.accounts.sign_in_link(session.actor, ADMINISTRATOR)
            for line in also:
                say(line)
            _say_what_runs(folder, umbrella, portal=url, entrance=link.address(url))
            admin.cycles.serve(session.actor, said=say, failed=_failed, pulse=pulse)
    except KeyboardInterrupt:  # before the service listens to it, or after
        pass
    say("Ended.")


def _failed(job: str, sentence: str) -> None:
    complain(f"{job}: {sentence}")


def _say_what_runs(folder: Path, umbrella: Umbrella, *, portal: str, entrance: str) -> None:
    dashboard = urljoin(umbrella.url, "/")
    say()
    say(f"Umbrella keeps running at {umbrella.url}; its dashboard is at {dashboard}. In another window:")
    say(f"  export PROVISOR_DATA={folder}")
    say("  provisor target account create you@example.org       an account of the dashboard")
    say(f"  provisor admin user setup-link {ADMINISTRATOR}                 a password for the portal")
    say("  provisor log list --status skipped                   who was left alone, and why")
    say(f"The portal is at {portal}/ and shows what happened: cycles, charts, logs, the plan.")
    say("Sign in, once and within 15 minutes, at")
    say(f"  {entrance}")
