"""What the acceptance tests are played with: a server, a mailbox, a provider, a browser."""
