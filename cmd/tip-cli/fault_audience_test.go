package main

import (
	"slices"

	"github.com/tip-cli/tip-cli/lab"
)

// admitAudience makes an API for whose access tokens AWS is set up: IAM knows the
// audience, the role trusts it, and Identity Center authorizes it if it is to.
func admitAudience(w *lab.World, audience string, authorized bool) {
	api := add(&w.Issuers[0].APIs)
	api.Audience, api.Claims = audience, []string{"email"}
	known := &w.Accounts[1].OIDCProviders[0].ClientIDs
	*known = append(slices.Clone(*known), audience)
	trust := w.Accounts[1].Roles[0].Trust.(map[string]any)["Statement"].([]any)[0].(map[string]any)
	trust["Condition"] = map[string]any{"StringEquals": map[string]any{"dev-123456789.okta.com/oauth2/default:aud": []any{clientID, audience}}}
	if authorized {
		w.IdentityCenter[0].Applications[0].JWTBearer[0].Audiences = []string{audience}
	}
}

// add appends an entry to a list of the world.
func add[T any](list *[]T) *T {
	*list = append(*list, *new(T))
	return &(*list)[len(*list)-1]
}
