package diagnosis_test

func grantsMistakes() []mistake { return nil }
