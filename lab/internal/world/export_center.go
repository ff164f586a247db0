package world

// exportCenter fills what an instance has beside its directory, as a world file has it. w.mu is held.
func (w *World) exportCenter(in *Instance, f *InstanceFile) {}
