package cli

import (
	"fmt"
	"time"
)

// soon is how little life is worth a warning colour: AWS's clients renew
// credentials from there on.
const soon = 15 * time.Minute

// lifeCell says when something ends, for a person, with the colour of how near that is.
func lifeCell(ends, now time.Time) cell {
	left := ends.Sub(now)
	at := ends.Local().Format("15:04:05")
	if left.Abs() >= 20*time.Hour {
		at = ends.Local().Format("2006-01-02 15:04")
	}
	switch {
	case left <= 0:
		return cell{fmt.Sprintf("expired %s ago (%s)", span(-left), at), red}
	case left <= soon:
		return cell{fmt.Sprintf("expires in %s (%s)", span(left), at), yellow}
	}
	return cell{fmt.Sprintf("expires in %s (%s)", span(left), at), green}
}

// span is a duration in the one unit that says enough.
func span(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", int(d.Round(time.Second)/time.Second))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute)/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Round(time.Hour)/time.Hour))
	}
	return fmt.Sprintf("%d days", int(d.Round(24*time.Hour)/(24*time.Hour)))
}

// named is a row of a table without header.
func named(name string, value ...cell) []cell {
	return append([]cell{{name, bold}}, value...)
}

// plainCell is a text from elsewhere.
func plainCell(text string) cell { return cell{text: visible(text)} }

// end is a time that something ends at, for JSON; null if it is not known.
func end(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// secondsLeft is the life that is left in whole seconds, 0 if there is none.
func secondsLeft(t, now time.Time) int64 { return max(0, int64(t.Sub(now)/time.Second)) }
