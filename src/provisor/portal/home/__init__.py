"""Where somebody arrives: jobs at a glance, first steps, the guided pilot, taking over from Entra."""
