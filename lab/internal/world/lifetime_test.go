package world_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const tenYears = 10 * 365 * 24 * 60 * 60

// Every number of seconds is at most ten years: more, and a time.Duration or a
// date could overflow.
func TestLifetimesAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*world.File, int)
		want string
	}{
		"ID token":      {func(f *world.File, n int) { f.Issuers[0].IDTokenLifetime = n }, `issuer "okta": idTokenLifetime`},
		"refresh token": {func(f *world.File, n int) { f.Issuers[0].RefreshTokenLifetime = n }, `issuer "okta": refreshTokenLifetime`},
		"grace":         {func(f *world.File, n int) { f.Issuers[0].RotationGrace = n }, `issuer "okta": rotationGrace`},
		"application": {func(f *world.File, n int) {
			a := &f.IdentityCenter[0].Applications[0]
			a.RefreshToken, a.RefreshTokenLifetime = true, n
		}, `application "tip-cli": refreshTokenLifetime`},
		"switch": {func(f *world.File, n int) { f.Switches.MaxTokenAge = &n }, "switches.maxTokenAge (assumption 15)"},
	} {
		for n, refused := range map[int]bool{1: false, tenYears: false, tenYears + 1: true, math.MaxInt: true, -1: true} {
			f := defaultFile(t)
			c.set(f, n)
			_, err := world.New(f, time.Now)
			if (err != nil) != refused || refused && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %d: %v, want refused %v", name, n, err, refused)
			}
		}
	}
}
