package awswire

import (
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// answer is how the output of an operation is laid out in an HTTP response.
type answer struct {
	status  int
	headers []*member // header, headers and statusCode
	body    []*member // members in the body that are not the payload
	payload *member
	shaped  bool // the operation has an output shape
}

func newAnswer(op *models.Operation, out *codec) *answer {
	a := &answer{status: op.HTTP.ResponseCode, payload: out.payload, body: out.bodyMembers(), shaped: op.Output != nil}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	for _, member := range out.members {
		if member.location != inBody {
			a.headers = append(a.headers, member)
		}
	}
	return a
}

// writeHeaders writes the members that travel outside of the body.
func (a *answer) writeHeaders(w *response, out reflect.Value) error {
	w.status = a.status
	for _, m := range a.headers {
		v, ok := indirect(out.Field(m.field))
		if !ok || unset(m, v) {
			continue
		}
		switch {
		case m.location == inStatus:
			w.status = int(v.Int())
		case m.location == inHeaders:
			for _, k := range sortedMapKeys(v) {
				text, err := scalarText(m.codec.element, v.MapIndex(k))
				if err != nil {
					return err
				}
				w.header.Set(m.wire+k.String(), text)
			}
		default:
			text, err := headerText(m, v)
			if err != nil {
				return err
			}
			w.header.Set(m.wire, text)
		}
	}
	return nil
}

func headerText(m *member, v reflect.Value) (string, error) {
	if m.codec.kind != kindList {
		return scalarText(m, v)
	}
	var list []string
	for e := range elements(v) {
		text, err := scalarText(m.codec.element, e)
		if err != nil {
			return "", err
		}
		if strings.ContainsAny(text, `,"`) {
			text = strconv.Quote(text)
		}
		list = append(list, text)
	}
	return strings.Join(list, ","), nil
}

// rawPayload writes a payload that is a string, a blob or a stream. done is false
// if the payload is something else.
func (a *answer) rawPayload(w *response, out reflect.Value) (done bool, err error) {
	v, ok := indirect(out.Field(a.payload.field))
	switch a.payload.codec.kind {
	case kindString:
		if ok {
			w.body = []byte(v.String())
		}
	case kindBlob:
		w.body = v.Bytes()
	case kindStream:
		if v.IsNil() {
			return true, nil
		}
		w.body, err = io.ReadAll(v.Interface().(io.Reader))
		if c, closes := v.Interface().(io.Closer); closes {
			_ = c.Close()
		}
	default:
		return false, nil
	}
	if w.header.Get("Content-Type") == "" && len(w.body) > 0 {
		w.header.Set("Content-Type", "application/octet-stream")
	}
	return true, err
}
