package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// grants answers as it is told.
type grants struct {
	answer *s3control.GetDataAccessOutput
	err    error
}

func (g grants) GetDataAccess(context.Context, *s3control.GetDataAccessInput, ...func(*s3control.Options)) (*s3control.GetDataAccessOutput, error) {
	return g.answer, g.err
}

// Step 5 is passed by AccessDenied, and by no other failure.
func TestWriteMustBeDenied(t *testing.T) {
	granted := &s3control.GetDataAccessOutput{Credentials: &types.Credentials{
		AccessKeyId: aws.String("a"), SecretAccessKey: aws.String("b"), SessionToken: aws.String("c"), Expiration: aws.Time(time.Now().Add(time.Hour)),
	}}
	for _, c := range []struct {
		name   string
		answer grants
		says   string
	}{
		{"denied", grants{err: &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}}, ""},
		{"granted", grants{answer: granted}, "WRITE access was granted"},
		{"a server error", grants{err: &smithy.GenericAPIError{Code: "InternalError", Message: "later"}}, "InternalError"},
		{"no answer", grants{err: errors.New("connection refused")}, "connection refused"},
	} {
		write, err := s3agcreds.NewProvider(c.answer, "444455556666", "s3://bucket", types.PermissionWrite)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err = (&notebook{out: &out}).requestWriteAccess(t.Context(), write)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
		if said := strings.Contains(out.String(), "Denied, as it should be"); said != (c.says == "") {
			t.Errorf("%s: %s", c.name, out.String())
		}
	}
}

// What is no JWT has no claims to show.
func TestDecode(t *testing.T) {
	for _, token := range []string{"", "a.b", "a.%.c", "a.Ww.c", "a.eyJh.c"} {
		if claims := decode(token); len(claims) != 0 {
			t.Errorf("%q: %v", token, claims)
		}
	}
	if claims := decode("x.eyJzdWIiOiJhIn0.y"); string(claims["sub"]) != `"a"` {
		t.Errorf("%v", claims)
	}
}
