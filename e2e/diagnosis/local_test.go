package diagnosis_test

func localMistakes() []mistake { return nil }
