package tipcreds

import (
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// inherit makes the owner of the key that signed a call the owner of the key in its answer,
// whatever the service: S3 Access Grants vends such keys, S3 for directory buckets, and
// STS. What wrappers of credentials are between the user and the call plays no part.
func (p *Pool) inherit(key string, result any) {
	owner, owned := p.owners.of(key)
	if !owned || result == nil || !p.owners.vends(reflect.TypeOf(result)) {
		return
	}
	vended := credentialsIn(reflect.ValueOf(result))
	if !vended.IsValid() {
		return
	}
	id, expires := field[*string](vended, accessKeyID), field[*time.Time](vended, "Expiration")
	if id == nil {
		return
	}
	until := time.Now().Add(adoptedFor)
	if expires != nil {
		until = aws.ToTime(expires)
	}
	p.owners.add(*id, owner, until)
}

// The fields of the services' types.
const (
	accessKeyID = "AccessKeyId"
	credentials = "Credentials"
)

// credentialsIn is the structure in an answer that has the access key id: its member
// Credentials, or itself (as Lake Formation has it). It is not valid if there is no answer.
func credentialsIn(answer reflect.Value) reflect.Value {
	answer = reflect.Indirect(answer)
	if answer.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	if inner := reflect.Indirect(answer.FieldByName(credentials)); inner.Kind() == reflect.Struct {
		answer = inner
	}
	return answer
}

// vends reports whether answers of a type have credentials in them. It is found out once,
// since it costs more than the rest of the guard.
func (o *owners) vends(answer reflect.Type) bool {
	if known, ok := o.vending.Load(answer); ok {
		return known.(bool) //nolint:forcetypeassert // nothing else is stored
	}
	of := structOf(answer)
	vends := of != nil && hasKey(of)
	if of != nil && !vends {
		if inner, ok := of.FieldByName(credentials); ok {
			of = structOf(inner.Type)
			vends = of != nil && hasKey(of)
		}
	}
	o.vending.Store(answer, vends)
	return vends
}

// structOf is the structure that a type is or points to, nil for any other.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

func hasKey(t reflect.Type) bool {
	_, ok := t.FieldByName(accessKeyID)
	return ok
}
