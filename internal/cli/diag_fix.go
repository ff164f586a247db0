package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/local"
	"github.com/tip-cli/tip-cli/internal/store"
)

// repairs are what diag --fix can do about a report, each once.
func repairs(r *finding.Report) []finding.Fix {
	var all []finding.Fix
	for i := range r.Results {
		for _, fix := range r.Results[i].Fixes {
			known := func(other finding.Fix) bool {
				return other.Repair == fix.Repair && local.Runs(&other) == local.Runs(&fix)
			}
			if fix.Repair != "" && !slices.ContainsFunc(all, known) {
				all = append(all, fix)
			}
		}
	}
	return all
}

// fixed mends on this machine what a report shows and --fix can mend, and looks again. It
// returns the last report, and whether that was printed already. r is one without the
// exchange of --live, which is made once, at the end.
func (a *app) fixed(ctx context.Context, f *diagFlags, asked chain.Asked, r finding.Report) (finding.Report, bool, error) {
	todo := repairs(&r)
	if len(todo) == 0 {
		a.say("There is nothing that --fix can mend on this machine.")
		return a.lookAgain(ctx, asked, r, false)
	}
	printed := f.output != "json" // which is one document: of how things are in the end
	if printed {
		if err := a.printDiagnosis(f, &r); err != nil {
			return r, true, err
		}
	}
	done, err := a.mend(ctx, todo, f.yes)
	if err != nil {
		return r, printed, err
	}
	if done > 0 {
		again, err := a.diagnosis(ctx, asked)
		return again, false, err
	}
	return a.lookAgain(ctx, asked, r, printed)
}

// lookAgain makes the exchange that was put off, if one was asked for.
func (a *app) lookAgain(ctx context.Context, asked chain.Asked, r finding.Report, printed bool) (finding.Report, bool, error) {
	if !asked.Live {
		return r, printed, nil
	}
	again, err := a.diagnosis(ctx, asked)
	return again, false, err
}

// mend goes through repairs and returns how many were done. The error is that of ctx.
func (a *app) mend(ctx context.Context, todo []finding.Fix, yes bool) (done int, err error) {
	if !yes && !a.atTerminal() {
		for i := range todo {
			a.printf("--fix would: %s", printable(local.Says(&todo[i])))
		}
		a.printf("Nothing was changed: nobody can be asked here. Run: tip-cli %sdiag --fix --yes", a.contextWord())
		return 0, nil
	}
	in := readLines(a.Stdin)
	for i := range todo {
		if !yes {
			agreed, err := a.agrees(ctx, in, &todo[i])
			if err != nil {
				return done, err
			}
			if !agreed {
				a.printf("Left as it is.")
				continue
			}
		}
		failed := a.repair(ctx, &todo[i])
		switch {
		case ctx.Err() != nil:
			return done, ctx.Err()
		case failed != nil:
			a.warnOfFailed(failed)
		default:
			done++
			a.printf("Done: %s.", printable(local.Says(&todo[i])))
		}
	}
	return done, nil
}

// agrees asks whether to do it. An input that ends says no.
func (a *app) agrees(ctx context.Context, in *lines, fix *finding.Fix) (bool, error) {
	answer, err := a.prompt(ctx, in, "--fix: "+printable(local.Says(fix))+"? (y/N)", "")
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return err == nil && slices.Contains([]string{"y", "yes"}, strings.ToLower(answer)), nil
}

// repair does it: by a command line of this program, or on the state of the context.
func (a *app) repair(ctx context.Context, fix *finding.Fix) error {
	if command := local.Runs(fix); command != "" {
		return a.runAgain(ctx, command)
	}
	home, name, err := a.inUse()
	if err != nil {
		return err
	}
	st, err := store.Open(home, name, func(o *store.Options) {
		o.Getenv, o.Notice = a.Getenv, func(text string) { a.say("%s", oneLine(text)) }
	})
	if err != nil {
		return err
	}
	return local.Repair(ctx, st, fix)
}

// runAgain runs a command line as a report has it. What it prints is no answer of diag.
func (a *app) runAgain(ctx context.Context, command string) error {
	env := *a.Env
	env.Stdout = a.Stderr
	words := awsprofile.Words("linux", command) // quoted for a POSIX shell, wherever this is
	if code := Run(ctx, words[1:], &env); code != ExitOK {
		return errors.New("that did not work: " + command)
	}
	return nil
}
