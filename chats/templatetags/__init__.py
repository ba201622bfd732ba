"""Words and tones the desk's templates ask for."""
