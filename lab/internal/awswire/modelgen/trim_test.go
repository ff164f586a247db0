package main

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

const sample = `{"version":"2.0","metadata":{"protocol":"json","apiVersion":"2020-01-01","documentation":"x"},
"operations":{"Keep":{"name":"Keep","http":{"method":"POST","requestUri":"/"},"input":{"shape":"In"},"errors":[{"shape":"Bad"}],"documentation":"text"},
"Drop":{"name":"Drop","http":{"method":"POST","requestUri":"/"},"input":{"shape":"Other"}}},
"shapes":{"In":{"type":"structure","members":{"Z":{"shape":"List","documentation":"d"},"A":{"shape":"Map"}}},"List":{"type":"list","member":{"shape":"In"}},
"Map":{"type":"map","key":{"shape":"K"},"value":{"shape":"V"}},"K":{"type":"string","min":1},"V":{"type":"string"},
"Bad":{"type":"structure","members":{},"exception":true},"Other":{"type":"structure","members":{}}}}`

// write makes a botocore data directory with two versions of a service.
func write(t *testing.T, newest string) string {
	t.Helper()
	dir := t.TempDir()
	for version, text := range map[string]string{"2019-01-01": "{}", "2020-01-01": newest} {
		path := filepath.Join(dir, "svc", version)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(path, "service-2.json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		z := gzip.NewWriter(f)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestGenerate(t *testing.T) {
	out := t.TempDir()
	if err := generate(write(t, sample), out, service{"svc", []string{"Keep"}}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(out, "svc.json"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "documentation") {
		t.Errorf("documentation is left: %s", data)
	}
	m, err := models.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Operations) != 1 || m.Operations["Keep"] == nil {
		t.Errorf("operations %v", m.Operations)
	}
	var shapes []string
	for _, name := range []string{"In", "List", "Map", "K", "V", "Bad"} {
		if m.Shapes[name] != nil {
			shapes = append(shapes, name)
		}
	}
	if len(shapes) != 6 || len(m.Shapes) != 6 {
		t.Errorf("shapes %v of %d", shapes, len(m.Shapes))
	}
	var order []string
	for _, member := range m.Shapes["In"].Members {
		order = append(order, member.Name)
	}
	if diff := cmp.Diff([]string{"Z", "A"}, order); diff != "" {
		t.Errorf("order of members: %s", diff)
	}
}

func TestGenerateRefuses(t *testing.T) {
	for want, c := range map[string]struct {
		model string
		s     service
	}{
		"no operation Gone":  {sample, service{"svc", []string{"Gone"}}},
		"no service-2.json":  {sample, service{"nosuch", nil}},
		`"newTrait"`:         {strings.Replace(sample, `"min":1`, `"newTrait":1`, 1), service{"svc", nil}},
		`In.Z has the unk`:   {strings.Replace(sample, `"documentation":"d"`, `"newTrait":1`, 1), service{"svc", nil}},
		`key of Map has the`: {strings.Replace(sample, `{"shape":"K"}`, `{"shape":"K","newTrait":1}`, 1), service{"svc", nil}},
		`operation Keep has`: {strings.Replace(sample, `"documentation":"text"`, `"newTrait":1`, 1), service{"svc", nil}},
		"invalid character":  {"x", service{"svc", nil}},
	} {
		if err := generate(write(t, c.model), t.TempDir(), c.s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, args := range [][3]string{{"", "out", "lab"}, {"data", "", "lab"}, {"data", "out", "nosuch"}} {
		if err := run(args[0], args[1], args[2]); err == nil {
			t.Errorf("run%v is accepted", args)
		}
	}
}
