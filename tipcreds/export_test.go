package tipcreds

// Inherit has the guard look at the answer to a call that key signed.
func (p *Pool) Inherit(key string, answer any) { p.inherit(key, answer) }
