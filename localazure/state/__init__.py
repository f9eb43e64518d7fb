"""The state of one running scenario: clock, issued tokens, secrets, sign-in sessions and the request log."""
