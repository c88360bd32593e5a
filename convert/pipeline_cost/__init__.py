"""What a step of the vision pipeline costs, stage by stage, and beside the calls that it cannot do without."""
