"""HTTP in and out: routes, base paths, answers, discovery, throttling."""
