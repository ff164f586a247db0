package diagnosis_test

func idpMistakes() []mistake { return nil }
