package childproc_test

func signalled(string) int { return 1 }
