package secretsmanager

import "github.com/tip-cli/tip-cli/lab/internal/world"

// Change edits a secret of w as the operations do that looked at s before.
func Change(w *world.World, s *world.Secret) error {
	h := &handlers{world: w}
	_, err := h.change(s, func(*world.Secret) error { return nil })
	return err
}
