package diagnosis_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// mistake is one change to a world that works.
type mistake struct {
	// name of the test, and id of the finding that diag must have.
	id string
	// name tells mistakes with the same id apart; it may be empty.
	name string
	// what is wrong, in a sentence for docs/diag.md.
	what string
	// world changes the world before the lab starts; keys change the configuration; make
	// makes the mistake at a bench where somebody has signed in. All may be nil.
	world func(*lab.World)
	keys  map[string]any
	make  func(*bench)
	// stranger says that nobody can sign in after world and keys: make does what is needed.
	stranger bool
	// args are further ones of diag.
	args []string
	// then are the arguments in the place of args once it is mended, for a mistake in args
	// or a fix that makes something of another name.
	then []string
	// culprit must be in the culprit of the finding.
	culprit string
	// also are ids of other findings (fail or warn) that the mistake brings along.
	also []string
	// mend does what a fix without a command says, which has this text in it. Where it is nil
	// the command of the finding's first fix is run.
	mend func(*bench)
	says string
	// heals are further ids that may be there afterwards: their fixes are run as well, if
	// they have commands.
	heals []string
}

// try makes a mistake, has it found, mends it by the fix, and looks again. It returns
// what was found.
func (m *mistake) try(t *testing.T) found {
	t.Helper()
	b := start(t, func(w *lab.World) {
		if m.world != nil {
			m.world(w)
		}
	})
	if b.configure(m.keys); !m.stranger {
		b.signIn("analyst")
	}
	if m.make != nil {
		m.make(b)
	}
	d := b.diag(m.args...)
	i := slices.IndexFunc(d.with("fail", "warn"), func(f found) bool { return f.ID == m.id })
	if i < 0 {
		t.Fatalf("%s is not found:\n%s", m.id, d)
	}
	f := d.with("fail", "warn")[i]
	m.check(t, d, f)
	switch {
	case m.mend != nil:
		m.mend(b)
	case f.Fixes[0].Command != "":
		needAWSCLI(t, f.Fixes[0].Command)
		b.shell(f.Fixes[0].Command)
	}
	if m.then != nil {
		m.args = m.then
	}
	m.checkMended(b)
	return f
}

// checkMended looks again: what comes to light only now is mended in the same way.
func (m *mistake) checkMended(b *bench) {
	b.Helper()
	after := b.diag(m.args...)
	for range m.heals {
		for _, r := range after.with("fail", "warn") {
			if slices.Contains(m.heals, r.ID) && r.Fixes[0].Command != "" {
				b.shell(r.Fixes[0].Command)
			}
		}
		after = b.diag(m.args...)
	}
	for _, r := range after.with("fail", "warn") {
		if !slices.Contains(m.heals, r.ID) || r.Fixes[0].Command != "" {
			b.Errorf("%s is mended: %s: %s", m.id, r.ID, r.Seen)
		}
	}
}

// check looks at a finding and at what stands beside it.
func (m *mistake) check(t *testing.T, d *diagnosis, f found) {
	t.Helper()
	if m.culprit == "" || !strings.Contains(f.Culprit, m.culprit) {
		t.Errorf("%s: the culprit is %q, not %q", m.id, f.Culprit, m.culprit)
	}
	if f.Seen == "" || f.Why == "" || len(f.Fixes) == 0 {
		t.Fatalf("%s: incomplete: %+v", m.id, f)
	}
	for _, other := range d.with("fail", "warn") {
		if other.ID != m.id && !slices.Contains(m.also, other.ID) {
			t.Errorf("%s brings %s along: %s", m.id, other.ID, other.Seen)
		}
	}
	if command := f.Fixes[0].Command; command == "" && m.mend == nil && m.then == nil || command != "" && m.mend != nil {
		t.Errorf("%s: the fix is %+v, and the test mends by hand: %t", m.id, f.Fixes[0], m.mend != nil)
	}
	if fix := f.Fixes[0]; !strings.Contains(fix.Does+fix.Console, m.says) {
		t.Errorf("%s: the fix %+v does not say %q", m.id, fix, m.says)
	}
}

// needAWSCLI skips the test where a command wants the AWS CLI and it is missing, and
// fails it in CI.
func needAWSCLI(t *testing.T, command string) {
	t.Helper()
	if !strings.Contains(command, "aws ") {
		return
	}
	if _, err := exec.LookPath("aws"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("the AWS CLI is missing")
		}
		t.Skip("the AWS CLI is missing on this machine")
	}
}

// mistakes are all of them, in the order of the chain.
func mistakes() []mistake {
	return slices.Concat(localMistakes(), idpMistakes(), tokenMistakes(), iamMistakes(), centerMistakes(), liveMistakes(),
		grantsMistakes(), athenaMistakes(), regionMistakes())
}

func TestMistakes(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes: -short")
	}
	all, table := mistakes(), &rows{lines: map[int]string{}}
	t.Cleanup(func() { // when all have been tried
		if !t.Failed() && len(table.lines) == len(all) {
			table.check(t, all)
		}
	})
	for i := range all {
		m := &all[i]
		t.Run(strings.TrimSuffix(m.id+"/"+m.name, "/"), func(t *testing.T) {
			t.Parallel()
			table.add(i, m, m.try(t))
		})
	}
}

// A world that works gives no warning and leaves nothing unknown.
func TestHealthy(t *testing.T) {
	b := start(t)
	b.configure(nil)
	b.signIn("analyst")
	for _, args := range [][]string{nil, {"--target", "s3://tip-demo-data/reports/", "--live"}, nil} {
		d := b.diag(args...)
		if d.code != 0 || d.String() != "" {
			t.Errorf("diag %v: exit code %d\n%s", args, d.code, d)
		}
	}
}
