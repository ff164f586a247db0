package s3agcreds_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// vending gives credentials for an hour, or err.
type vending struct {
	calls int
	err   error
}

func (v *vending) GetDataAccess(
	context.Context, *s3control.GetDataAccessInput, ...func(*s3control.Options),
) (*s3control.GetDataAccessOutput, error) {
	v.calls++
	if v.err != nil {
		return nil, v.err
	}
	return &s3control.GetDataAccessOutput{Credentials: &types.Credentials{
		AccessKeyId: aws.String("ASIAEXAMPLE"), SecretAccessKey: aws.String("s"), SessionToken: aws.String("t"),
		Expiration: aws.Time(time.Now().Add(time.Hour)),
	}}, nil
}

// What AWS vended holds until it expires, whether or not AWS answers meanwhile.
func TestFailedRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vending{}
		provider, err := s3agcreds.NewProvider(v, "111122223333", "s3://example-bucket/*", types.PermissionRead)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := provider.Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		v.err = errors.New("out of order")
		time.Sleep(55*time.Minute + 30*time.Second)
		for range 209 { // from 4 min 30 s before the end to 1 min 1 s before it
			if c, err := provider.Retrieve(t.Context()); err != nil || c.AccessKeyID != "ASIAEXAMPLE" {
				t.Fatalf("%+v, %v", c.Expires, err)
			}
			time.Sleep(time.Second)
		}
		if v.calls > 10 {
			t.Errorf("%d calls", v.calls)
		}
		time.Sleep(2 * time.Second)
		var refused *s3agcreds.DataAccessError
		if _, err := provider.Retrieve(t.Context()); !errors.As(err, &refused) {
			t.Errorf("with less than a minute left: %v", err)
		}
		v.err = nil
		if _, err := provider.Retrieve(t.Context()); err != nil {
			t.Errorf("AWS answers again: %v", err)
		}
	})
}
