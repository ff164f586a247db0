package world

// DirectoryFile is what an instance's directory is in a world file.
func (w *World) DirectoryFile(in *Instance) InstanceFile {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := InstanceFile{Account: in.Account, ARN: in.ARN, IdentityStoreID: in.IdentityStoreID}
	w.exportDirectory(in, &f)
	return f
}
