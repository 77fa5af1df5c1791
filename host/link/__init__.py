"""The host's side of the link: protocol, transports, client, simulator."""
