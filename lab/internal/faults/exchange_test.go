package faults_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// TestLostExchange: tip-cli's own exchange while CreateTokenWithIAM is cut off. It
// never sends a JWT twice, whether or not the first one arrived; the next try takes a
// fresh one.
func TestLostExchange(t *testing.T) {
	for name, c := range map[string]struct {
		do   lab.FaultAction
		done []string // error codes of CreateTokenWithIAM in the audit trail
	}{
		"the answer is lost":    {lab.FaultLostAnswer, []string{"", ""}},
		"the request is lost":   {lab.FaultReset, []string{""}},
		"the answer is cut":     {lab.FaultTruncate, []string{"", ""}},
		"the answer is garbage": {lab.FaultGarbage, []string{"", ""}},
		"the service failed":    {lab.FaultInternalError, []string{"InternalServerException", ""}},
		"too many requests":     {lab.FaultThrottle, []string{"ThrottlingException", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			b := probe.Start(t)
			labtest.Fault(t, b.Lab, lab.Fault{Name: "one", Do: c.do, Operation: "CreateTokenWithIAM", First: 1})
			var sent []string
			p, err := tipcreds.New(enhanced, application, func(context.Context) (string, error) { return idToken(b, "analyst"), nil }, func(o *tipcreds.Options) {
				o.ApplicationRoleARN, o.AWSConfig = oidcRole, retrying(b, nil)
				o.BeforeCreateToken = func(_ context.Context, jwt string) error {
					sent = append(sent, jwt)
					return nil
				}
			})
			probe.Must(t, p, err)
			var failed *tipcreds.ExchangeError
			if _, err = p.Retrieve(t.Context()); !errors.As(err, &failed) {
				t.Fatalf("%v is no failed exchange", err)
			}
			_, err = p.Retrieve(t.Context())
			probe.Must(t, 0, err)
			if len(sent) != 2 || sent[0] == sent[1] {
				t.Errorf("%d JWTs were sent", len(sent))
			}
			if diff := cmp.Diff(c.done, trail(b.Lab, "CreateTokenWithIAM")); diff != "" {
				t.Errorf("error codes in the audit trail (-want +got):\n%s", diff)
			}
			if n := b.Lab.Counts().Replays; n != 0 {
				t.Errorf("%d JWTs came twice", n)
			}
		})
	}
}
