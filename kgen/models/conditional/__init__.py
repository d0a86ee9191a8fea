"""Class-conditional and structured generative adversarial networks."""
