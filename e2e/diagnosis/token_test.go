package diagnosis_test

func tokenMistakes() []mistake { return nil }
