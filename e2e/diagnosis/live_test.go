package diagnosis_test

func liveMistakes() []mistake { return nil }
