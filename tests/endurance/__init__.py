"""Days of use in minutes, in accelerated time: `make soak`. Not collected by a plain pytest."""
