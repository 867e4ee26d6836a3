"""What a guard tells about itself."""
