package world

// exportDirectory fills the users and groups of an instance, as a world file has it. w.mu is held.
func (w *World) exportDirectory(in *Instance, f *InstanceFile) {}
