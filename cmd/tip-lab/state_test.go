package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/labfile"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// process is a lab in a process of its own.
type process struct {
	cmd *exec.Cmd
	at  *labfile.Lab
}

// started runs tip-lab start on a data directory and waits until it answers.
func started(t *testing.T, data string, more ...string) *process {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("tip-lab", append([]string{"start", "-q", "--addr", "127.0.0.1:0", "--dir", dir, "--data-dir", data}, more...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd}
	t.Cleanup(func() { p.kill() })
	deadline := time.Now().Add(time.Minute)
	for {
		at, err := labfile.Read(context.Background(), dir)
		if err == nil {
			p.at = at
			return p
		}
		if time.Now().After(deadline) {
			t.Fatalf("the lab does not answer: %v", err)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// kill ends it without a warning.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func (p *process) config(provider aws.CredentialsProvider) aws.Config {
	return aws.Config{Region: "eu-west-1", BaseEndpoint: &p.at.Endpoint, Credentials: provider, RetryMaxAttempts: 1}
}

func (p *process) secrets() *secretsmanager.Client {
	return secretsmanager.NewFromConfig(p.config(labtest.Admin()))
}

// Whatever was answered before a kill -9 is there after it, however many asked at once.
func TestAnsweredChangesOutlastAKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the program's name has an extension")
	}
	data := filepath.Join(t.TempDir(), "data")
	answered := map[string]bool{}
	for round := range 4 {
		p := started(t, data)
		for name := range names(t, p) {
			if answered[name] {
				answered[name] = false // found again
			}
		}
		for name, lost := range answered {
			if lost {
				t.Errorf("round %d: %s is gone", round, name)
			}
		}
		for _, name := range createUntilKilled(t, p, round) {
			answered[name] = true
		}
		for name := range answered {
			answered[name] = true
		}
	}
	if len(answered) < 20 {
		t.Errorf("%d changes were answered: too few to tell", len(answered))
	}
}

func names(t *testing.T, p *process) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	pages := secretsmanager.NewListSecretsPaginator(p.secrets(), &secretsmanager.ListSecretsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.SecretList {
			all[*s.Name] = true
		}
	}
	return all
}

// createUntilKilled has several clients make secrets, kills the lab in the middle
// of it, and returns which were answered.
func createUntilKilled(t *testing.T, p *process, round int) []string {
	t.Helper()
	var mu sync.Mutex
	var answered []string
	var clients sync.WaitGroup
	for client := range 4 {
		clients.Go(func() {
			for n := range 10_000 {
				name := fmt.Sprintf("secret-%d-%d-%d", round, client, n)
				if _, err := p.secrets().CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String("x")}); err != nil {
					return // it was killed
				}
				mu.Lock()
				answered = append(answered, name)
				enough := len(answered) == 10+7*round
				mu.Unlock()
				if enough {
					p.kill()
				}
			}
		})
	}
	clients.Wait()
	return answered
}

// A session that was on disk before a kill works after it.
func TestSessionsOutlastAKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the program's name has an extension")
	}
	world := filepath.Join(t.TempDir(), "world.yaml")
	if err := os.WriteFile(world, []byte(assumableWorld), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	p := started(t, data, "--world", world)
	out, err := sts.NewFromConfig(p.config(labtest.Admin())).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::444455556666:role/worker"), RoleSessionName: aws.String("kept"),
	})
	if err != nil {
		t.Fatal(err)
	}
	waitUntilSaved(t, p)
	p.kill()
	p = started(t, data)
	c := out.Credentials
	provider := credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	if _, err := sts.NewFromConfig(p.config(provider)).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Errorf("the session: %v", err)
	}
}

// assumableWorld has a role that the user admin may assume.
const assumableWorld = `version: 1
region: eu-west-1
accounts:
  - id: "444455556666"
    users:
      - name: admin
        accessKeys: [{id: ` + labtest.AdminAccessKeyID + `, secret: ` + labtest.AdminSecretAccessKey + `}]
    roles:
      - name: worker
        trust: {Version: "2012-10-17", Statement: {Effect: Allow, Principal: {AWS: "arn:aws:iam::444455556666:user/admin"}, Action: "sts:AssumeRole"}}
`

func waitUntilSaved(t *testing.T, p *process) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		resp, err := http.Get(p.at.Endpoint + "/_lab/health")
		if err != nil {
			t.Fatal(err)
		}
		var h struct{ DataDir struct{ Saved bool } }
		err = json.NewDecoder(resp.Body).Decode(&h)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if h.DataDir.Saved {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not saved")
		}
		<-time.After(20 * time.Millisecond)
	}
}
