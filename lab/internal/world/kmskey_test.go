package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// TestCustomerKey: what is a customer's key, what is the account's own, and what is neither.
func TestCustomerKey(t *testing.T) {
	const id, arn = "11112222-3333-4444-5555-666677778888", "arn:aws:kms:eu-west-1:444455556666:"
	for _, key := range []string{id, arn + "key/" + id, "mrk-" + strings.Repeat("0a", 16), arn + "key/mrk-" + strings.Repeat("0a", 16), "alias/my/key_1", arn + "alias/mine", "alias/awsome"} {
		if got, err := world.CustomerKey(key); got != key || err != nil {
			t.Errorf("%s: %q, %v", key, got, err)
		}
	}
	for _, key := range []string{"", "alias/aws/secretsmanager", arn + "alias/aws/secretsmanager", "arn:aws-cn:kms:cn-north-1:999999999999:alias/aws/secretsmanager"} {
		if got, err := world.CustomerKey(key); got != "" || err != nil {
			t.Errorf("%s: %q, %v", key, got, err)
		}
	}
	for _, key := range []string{
		"nonsense key", "nonsense", "key/" + id, "x" + id, id + "x", "alias/", "alias/a b", "xalias/a", "mine", arn + id, arn + "mine", arn + "key/mine", "x" + arn + "key/" + id,
		arn + "key/" + id + "x", "arn:aws:kms:eu-west-1:444455556666:key/key/" + id, "arn:aws:kms:eu-west-1:4444:key/" + id, "arn:aws:s3:eu-west-1:444455556666:key/" + id, "arn:aws:kms::444455556666:key/" + id, " ", "alias/aws/s3", arn + "alias/aws/ebs",
		"alias/aws/secretsmanager\n", "alias/" + strings.Repeat("a", 251),
	} {
		if got, err := world.CustomerKey(key); err == nil {
			t.Errorf("%s: %q", key, got)
		}
	}
}

// TestKeyARN: a key without an ARN is in the account and region of the secret.
func TestKeyARN(t *testing.T) {
	w, err := loaded(t, func(*world.AccountFile) {})
	if err != nil {
		t.Fatal(err)
	}
	const id, far = "11112222-3333-4444-5555-666677778888", "arn:aws:kms:eu-west-1:111122223333:key/11112222-3333-4444-5555-666677778888"
	for key, want := range map[string][2]string{
		id:           {"arn:aws:kms:eu-west-2:444455556666:key/" + id, "444455556666"},
		"alias/mine": {"arn:aws:kms:eu-west-2:444455556666:alias/mine", "444455556666"},
		far:          {far, "111122223333"},
	} {
		arn, account := w.KeyARN(&world.Secret{Account: "444455556666", Region: "eu-west-2", KMSKeyID: key})
		if got := [2]string{arn, account}; got != want {
			t.Errorf("%s: %v", key, got)
		}
	}
}

// TestSecretKeyOfWorldFile: the loader reads a kmsKeyId as the API does.
func TestSecretKeyOfWorldFile(t *testing.T) {
	w, err := loaded(t, func(a *world.AccountFile) {
		a.Secrets[0].KMSKeyID = "arn:aws:kms:eu-west-1:444455556666:alias/aws/secretsmanager"
	})
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := w.Secret("444455556666", "eu-west-1", "tip-notebook/app-user"); s.KMSKeyID != "" {
		t.Errorf("key %q", s.KMSKeyID)
	}
	if _, err := loaded(t, func(a *world.AccountFile) { a.Secrets[0].KMSKeyID = "nonsense key" }); err == nil || !strings.Contains(err.Error(), `kmsKeyId "nonsense key"`) {
		t.Errorf("error %v", err)
	}
}

// TestUserPoolsShareNoClient: InitiateAuth finds a pool by its client alone.
func TestUserPoolsShareNoClient(t *testing.T) {
	pools := func(edit func(first, second *world.IssuerFile)) error {
		f := defaultFile(t)
		var found []*world.IssuerFile
		for i := range f.Issuers {
			if f.Issuers[i].Face == "cognito" {
				found = append(found, &f.Issuers[i])
			}
		}
		edit(found[0], found[1])
		_, err := world.New(f, time.Now)
		return err
	}
	same := func(first, second *world.IssuerFile) { first.Clients[0].ID = second.Clients[0].ID }
	if err := pools(same); err == nil || !strings.Contains(err.Error(), "client 2example34567890 of cognito stands twice in the user pools of eu-west-1") {
		t.Errorf("one region: %v", err)
	}
	if err := pools(func(first, second *world.IssuerFile) {
		same(first, second)
		second.URL, second.Domain = "https://cognito-idp.eu-west-2.amazonaws.com/eu-west-2_AppEXAMPLE", ""
	}); err != nil {
		t.Errorf("two regions: %v", err)
	}
}

// TestPoolAccount: whose OIDC provider names the pool, else the first of the file.
func TestPoolAccount(t *testing.T) {
	w, err := world.New(defaultFile(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]string{
		{"eu-west-1", "1example23456789", "444455556666"}, {"eu-west-1", "2example34567890", "111122223333"},
		{"eu-west-2", "1example23456789", ""}, {"eu-west-1", "nobody", ""}, {"", "0oaTipCliEXAMPLE", ""},
	} {
		if got := w.PoolAccount(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
