package session

import (
	"context"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// StoreClientSecret stores the secret of a confidential client, sealed; a zero one
// removes it.
func StoreClientSecret(ctx context.Context, st *store.Store, value secret.Value) error {
	release, err := lock(ctx, st) // of everything that is sealed with one key
	if err != nil {
		return err
	}
	defer release()
	if value.IsZero() {
		return st.ClearClientSecret()
	}
	return st.SaveClientSecret(ctx, value)
}
