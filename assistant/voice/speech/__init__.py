"""What is spoken and when: the speech queue, the speaker thread, fallback voices, earcons, outages."""
