package diagnosis_test

func regionMistakes() []mistake { return nil }
