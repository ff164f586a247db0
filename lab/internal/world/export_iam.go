package world

// exportIAM fills what an account has of IAM, as a world file has it. w.mu is held.
func (w *World) exportIAM(a *AccountFile) {}
