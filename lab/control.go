package lab

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/faults"
)

// maxControl bounds the body of a request of the control pages, in bytes.
const maxControl = 64 << 10

// controlRoutes are the lab's own pages about faults, the clock, keys and what expires.
var controlRoutes = []ownRoute{
	{http.MethodGet, "faults", func(f *front, w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]any{"faults": f.lab.Faults()})
	}},
	{http.MethodPost, "faults", (*front).postFault},
	{http.MethodDelete, "faults", (*front).deleteFaults},
	{http.MethodGet, "clock", func(f *front, w http.ResponseWriter, _ *http.Request) { f.answerClock(w) }},
	{http.MethodPost, "clock", (*front).postClock},
	{http.MethodDelete, "clock", func(f *front, w http.ResponseWriter, _ *http.Request) {
		f.lab.ResetClock()
		f.answerClock(w)
	}},
	{http.MethodPost, "keys", (*front).postKeys},
	{http.MethodPost, "expire", (*front).postExpire},
}

// refuseControl answers a request of the control pages that is wrong, in one line.
func refuseControl(w http.ResponseWriter, status int, err error) {
	http.Error(w, err.Error(), status)
}

// readControl reads the JSON body of such a request into v. Unknown keys, and whatever
// stands behind, are refused.
func readControl(w http.ResponseWriter, r *http.Request, v any) error {
	if err := faults.ReadJSON(http.MaxBytesReader(w, r.Body, maxControl), v); err != nil {
		return fmt.Errorf("the body: %w", err)
	}
	return nil
}

// postFault sets a fault: one of docs/faults.md in JSON. It answers with its status.
func (f *front) postFault(w http.ResponseWriter, r *http.Request) {
	fault, err := faults.ParseJSON(http.MaxBytesReader(w, r.Body, maxControl))
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err)
		return
	}
	names, err := f.lab.AddFaults(*fault)
	if err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, faults.ErrTaken) {
			status = http.StatusConflict
		}
		refuseControl(w, status, err)
		return
	}
	fault.Name = names[0]
	answerJSON(w, fault)
}

// deleteFaults takes the fault away that the parameter name names, or all of them.
func (f *front) deleteFaults(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err == nil {
		err = onlyName(query)
	}
	name := query.Get("name")
	switch {
	case err != nil:
		refuseControl(w, http.StatusBadRequest, err)
	case !query.Has("name"):
		answerJSON(w, map[string]any{"removed": f.lab.ClearFaults()})
	case f.lab.RemoveFault(name):
		answerJSON(w, map[string]any{"removed": 1})
	default:
		refuseControl(w, http.StatusNotFound, fmt.Errorf("there is no fault %q", name))
	}
}

// onlyName refuses parameters that are not name, or that name two.
func onlyName(query url.Values) error {
	for _, key := range slices.Sorted(maps.Keys(query)) {
		if key != "name" {
			return fmt.Errorf("there is no parameter %q, only name", key)
		}
	}
	if len(query["name"]) > 1 {
		return errors.New("the parameter name stands twice; it takes one name")
	}
	return nil
}

// Clock is what /_lab/clock answers with.
type Clock struct {
	// Now is the lab's time.
	Now time.Time `json:"now"`
	// Offset is how far it is ahead of the clock that the lab was started with.
	Offset FaultDuration `json:"offset"`
}

func (f *front) answerClock(w http.ResponseWriter) {
	answerJSON(w, Clock{Now: f.lab.Now().UTC(), Offset: FaultDuration(f.lab.ClockOffset())})
}

// postClock moves the clock, by {"advance": "90m"} or {"set": "2026-01-02T15:04:05Z"}.
func (f *front) postClock(w http.ResponseWriter, r *http.Request) {
	var change struct {
		Advance *FaultDuration `json:"advance"`
		Set     *string        `json:"set"`
	}
	err := readControl(w, r, &change)
	if err == nil && (change.Advance == nil) == (change.Set == nil) {
		err = errors.New("the body has one of advance and set")
	}
	if err == nil && change.Set != nil {
		err = f.lab.clock.setText(*change.Set)
	} else if err == nil {
		err = f.lab.clock.advance(time.Duration(*change.Advance))
	}
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err)
		return
	}
	f.answerClock(w)
}

// postKeys rotates the keys of an issuer: {"issuer": "okta", "keepOld": true}.
func (f *front) postKeys(w http.ResponseWriter, r *http.Request) {
	var change struct {
		Issuer  string `json:"issuer"`
		KeepOld bool   `json:"keepOld"`
	}
	err := readControl(w, r, &change)
	if err == nil && change.KeepOld {
		err = f.idp.RotateKeys(change.Issuer)
	} else if err == nil {
		err = f.idp.ReplaceKeys(change.Issuer)
	}
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err)
		return
	}
	answerJSON(w, change)
}

// postExpire ends something: an [Expiry] in JSON.
func (f *front) postExpire(w http.ResponseWriter, r *http.Request) {
	var x Expiry
	err := readControl(w, r, &x)
	n := 0
	if err == nil {
		n, err = f.lab.Expire(x)
	}
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err)
		return
	}
	answerJSON(w, map[string]any{"ended": n})
}
