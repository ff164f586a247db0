package s3agcreds_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// refusedTo reports it unless b's request for a's home with these options was refused
// before it was sent.
func (s *service) refusedTo(ofB context.Context, home string, optFns ...func(*s3.Options)) {
	s.Helper()
	got, err := s.get(ofB, home, optFns...)
	if _, ok := errors.AsType[*tipcreds.WrongUserError](err); !ok {
		s.Errorf("in b's request a's grant reads %q: %v", got, err)
	}
}

// TestGuardOfWrappedUsers: what is vended to a user is theirs, also where neither the plugin
// nor the guard can see that it was the user who asked.
func TestGuardOfWrappedUsers(t *testing.T) {
	s := newService(t, 2)
	a, ofA := s.user(labtest.CrowdMember(1))
	_, ofB := s.user(labtest.CrowdMember(2))
	home := homeKey(labtest.CrowdMember(1))
	target := "s3://" + crowdBucket + "/" + home
	shared := s.pool.Config(aws.Config{Region: s.lab.Region(), HTTPClient: s.client.Options().HTTPClient})
	for name, vend := range map[string]func() (*s3agcreds.Grant, error){
		"NewProvider": func() (*s3agcreds.Grant, error) {
			control := s3control.NewFromConfig(shared, func(o *s3control.Options) { o.Credentials = a })
			p, err := s3agcreds.NewProvider(control, "444455556666", target, "READ")
			if err != nil {
				return nil, err
			}
			return p.Grant(ofA)
		},
		"Plugin.Grant": func() (*s3agcreds.Grant, error) {
			return s.plugin.Grant(ofA, aws.NewCredentialsCache(a), target, "READ")
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := vend()
			if err != nil {
				t.Fatal(err)
			}
			signer := func(o *s3.Options) { o.Credentials = credentials.StaticCredentialsProvider{Value: g.Credentials} }
			if got, err := s.get(ofA, home, signer); err != nil || got != labtest.CrowdMember(1).Login {
				t.Errorf("own: %q, %v", got, err)
			}
			s.refusedTo(ofB, home, signer)
		})
	}
	t.Run("Plugin.As", func(*testing.T) { s.refusedTo(ofB, home, s.plugin.As(aws.NewCredentialsCache(a))) })
}

// TestGuardOfCachedContextProvider is the mistake of which the documentation of
// tipcreds.Pool speaks, with and without the plugin.
func TestGuardOfCachedContextProvider(t *testing.T) {
	for name, installed := range map[string]bool{"plain": false, "plugin": true} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, 2)
			_, ofA := s.user(labtest.CrowdMember(1))
			_, ofB := s.user(labtest.CrowdMember(2))
			cfg := s.pool.Config(aws.Config{Region: s.lab.Region(), HTTPClient: s.client.Options().HTTPClient})
			cfg.Credentials = aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
				u, _ := tipcreds.UserFrom(ctx)
				return u.Retrieve(ctx)
			}))
			s.client = s3.NewFromConfig(cfg)
			if installed {
				p, err := s3agcreds.New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				s.client = s3.NewFromConfig(cfg, p.Install)
			}
			home := homeKey(labtest.CrowdMember(1))
			if got, err := s.get(ofA, home); installed && (err != nil || got != labtest.CrowdMember(1).Login) {
				t.Errorf("own: %q, %v", got, err)
			}
			s.refusedTo(ofB, home)
		})
	}
}
