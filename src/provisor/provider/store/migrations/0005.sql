-- Sessions in the shape that web keeps them in for every site; whoever was signed in signs in again.
DROP TABLE session;

-- shown_token: the id of a token that was shown to this session and not yet acknowledged as saved.
CREATE TABLE browser_session (
    hash TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    shown_token TEXT
);
CREATE INDEX browser_session_account ON browser_session (account);
