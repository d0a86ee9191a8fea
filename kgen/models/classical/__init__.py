"""Classical density models: what the neural ones are measured against."""
