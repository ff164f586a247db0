package world

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var stackNameForm = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)

// stackStatuses are those of the API but the ones of imports, which the lab has not.
var stackStatuses = strings.Fields(`CREATE_IN_PROGRESS CREATE_FAILED CREATE_COMPLETE ROLLBACK_IN_PROGRESS ROLLBACK_FAILED ROLLBACK_COMPLETE
	DELETE_IN_PROGRESS DELETE_FAILED DELETE_COMPLETE UPDATE_IN_PROGRESS UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_COMPLETE UPDATE_FAILED
	UPDATE_ROLLBACK_IN_PROGRESS UPDATE_ROLLBACK_FAILED UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_ROLLBACK_COMPLETE REVIEW_IN_PROGRESS`)

// interrupted is what becomes of an operation that ended with its lab.
var interrupted = map[string]string{
	"CREATE_IN_PROGRESS": "CREATE_FAILED", "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED", "DELETE_IN_PROGRESS": "DELETE_FAILED",
	"UPDATE_IN_PROGRESS": "UPDATE_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_FAILED",
	"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":          "UPDATE_COMPLETE",
	"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
}

func (l *loader) loadStacks() error {
	l.stacks = newStacks()
	for i := range l.file.Stacks {
		s := l.file.Stacks[i]
		if err := l.loadStack(&s); err != nil {
			return at(err, "stack %q", s.Name)
		}
		interrupt(&s)
		if err := l.stacks.add(&s); err != nil {
			return at(err, "stack %q", s.Name)
		}
	}
	return nil
}

func (l *loader) loadStack(s *Stack) (err error) {
	if err := l.account(s.Account); err != nil {
		return err
	}
	if s.Region, err = l.region(s.Region); err != nil {
		return err
	}
	if !stackNameForm.MatchString(s.Name) {
		return errors.New("a name has 1 to 128 letters, digits or hyphens, the first of them a letter")
	}
	begin := "arn:" + l.Partition + ":cloudformation:" + s.Region + ":" + s.Account + ":stack/" + s.Name + "/"
	if id, ok := strings.CutPrefix(s.ID, begin); !ok || id == "" {
		return fmt.Errorf("id %q does not begin with %s", s.ID, begin)
	}
	if !slices.Contains(stackStatuses, s.Status) {
		return fmt.Errorf("status %q is none of a stack", s.Status)
	}
	if s.Created.IsZero() {
		s.Created = l.now().UTC()
	}
	ids := make([]string, len(s.Resources))
	for i, r := range s.Resources {
		ids[i] = r.LogicalID
	}
	if id, twice := duplicate(ids); twice {
		return fmt.Errorf("resource %q stands twice", id)
	}
	return nil
}

// interrupt ends the operation of a stack that nobody goes on with.
func interrupt(s *Stack) {
	const why = "The lab ended during the operation"
	status, under := interrupted[s.Status]
	if !under {
		return
	}
	s.Status, s.StatusReason, s.Cancelled = status, why, false
	for _, r := range slices.Clone(s.Resources) {
		if begin, ok := strings.CutSuffix(r.Status, "_IN_PROGRESS"); ok {
			r.Status, r.StatusReason = begin+"_FAILED", why
			s.SetResource(&r)
		}
	}
	if strings.HasSuffix(status, "_COMPLETE") {
		s.Before = nil
	}
}
