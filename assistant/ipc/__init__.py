"""Inter-process communication: messages, the socket server, the link between vision and voice, the control client."""
