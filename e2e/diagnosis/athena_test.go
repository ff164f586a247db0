package diagnosis_test

func athenaMistakes() []mistake { return nil }
