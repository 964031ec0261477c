"""From a source to the directory on a schedule: what it told is kept, judged, joined, and followed."""
