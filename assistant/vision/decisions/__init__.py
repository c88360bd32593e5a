"""From readings to announcements: stabilizer, scene, announcement log, conversation partner."""
