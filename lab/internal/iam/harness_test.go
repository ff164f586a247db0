package iam_test

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	account  = probe.Application
	elswhere = probe.Center
	awsAdmin = "arn:aws:iam::aws:policy/AdministratorAccess"
)

// desk is a lab with an administrator's client of IAM.
type desk struct {
	*probe.Bench
	admin aws.CredentialsProvider
	iam   *iam.Client
}

func start(t *testing.T, edits ...func(*lab.World)) *desk {
	t.Helper()
	var admin aws.CredentialsProvider
	b := probe.Start(t, append([]func(*lab.World){func(w *lab.World) { admin = probe.Administrator(w, account) }}, edits...)...)
	return &desk{b, admin, iam.NewFromConfig(b.Config(admin))}
}

// as is a client of IAM with credentials.
func (d *desk) as(p aws.CredentialsProvider) *iam.Client { return iam.NewFromConfig(d.Config(p)) }

func (d *desk) sts(p aws.CredentialsProvider) *sts.Client { return sts.NewFromConfig(d.Config(p)) }

// step is a request: an operation and the members of its input by name.
type step struct {
	operation string
	members   []any
}

func do(operation string, kv ...any) step { return step{operation, kv} }

func (s step) input() map[string]any {
	given := map[string]any{}
	for i := 0; i < len(s.members); i += 2 {
		given[s.members[i].(string)] = s.members[i+1]
	}
	return given
}

// send makes a request with the Go SDK.
func send(tb testing.TB, client *iam.Client, s step) (map[string]any, error) {
	tb.Helper()
	method := reflect.ValueOf(client).MethodByName(s.operation)
	if !method.IsValid() {
		tb.Fatalf("the SDK has no operation %s", s.operation)
	}
	in := reflect.New(method.Type().In(1).Elem())
	text, err := json.Marshal(s.input())
	probe.Must(tb, text, err)
	probe.Must(tb, 0, json.Unmarshal(text, in.Interface()))
	results := method.Call([]reflect.Value{reflect.ValueOf(tb.Context()), in})
	if err, _ := results[1].Interface().(error); err != nil {
		return nil, err
	}
	text, err = json.Marshal(results[0].Interface())
	probe.Must(tb, text, err)
	out := map[string]any{}
	probe.Must(tb, 0, json.Unmarshal(text, &out))
	delete(out, "ResultMetadata")
	return out, nil
}

// must makes requests that succeed and returns the last answer.
func (d *desk) must(steps ...step) map[string]any {
	d.Helper()
	var out map[string]any
	for _, s := range steps {
		var err error
		if out, err = send(d, d.iam, s); err != nil {
			d.Fatalf("%s: %v", s.operation, err)
		}
	}
	return out
}

func roleIn(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }

func policyARN(name string) string { return "arn:aws:iam::" + account + ":policy/" + name }

// text is a policy as JSON.
func text(statements ...map[string]any) string {
	out, err := json.Marshal(probe.PolicyOf(statements...))
	if err != nil {
		panic(err)
	}
	return string(out)
}

// trusting is a trust policy for an account, role or user.
func trusting(principal string) string {
	return text(probe.Statement("Allow", "sts:AssumeRole", "Principal", map[string]any{"AWS": principal}))
}

func allowing(actions ...string) string {
	return text(probe.Statement("Allow", actions, "Resource", "*"))
}

func tags(kv ...string) []map[string]string {
	var list []map[string]string
	for i := 0; i < len(kv); i += 2 {
		list = append(list, map[string]string{"Key": kv[i], "Value": kv[i+1]})
	}
	return list
}

func of(w *lab.World) *world.AccountFile { return &w.Accounts[1] }

// credentialsOf are made while a world is edited.
type credentialsOf struct{ p aws.CredentialsProvider }

func userFile(name, key string) world.IAMUserFile {
	return world.IAMUserFile{Name: name, AccessKeys: []world.AccessKeyFile{{ID: key, Secret: "secret of " + key}}}
}

// signedFor asks for the roles with a signature for a region.
func (d *desk) signedFor(region string) error {
	client := iam.NewFromConfig(d.Config(d.admin), func(o *iam.Options) { o.HTTPSignerV4 = signer(region) })
	_, err := client.ListRoles(d.Context(), nil)
	return err
}

// signer signs for a region of the test's choice.
type signer string

// SignHTTP implements iam.HTTPSignerV4.
func (r signer) SignHTTP(ctx context.Context, c aws.Credentials, req *http.Request, hash, service, _ string, at time.Time, opts ...func(*v4.SignerOptions)) error {
	return v4.NewSigner().SignHTTP(ctx, c, req, hash, service, string(r), at, opts...)
}
