package identitystore

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// list is a multi-valued attribute of a user, which an update replaces whole.
type list struct {
	name string
	set  func(u *world.User, path string, value []byte) error
}

// lists by their paths in small letters.
var lists = map[string]list{
	"emails": {"emails", setEmails},
	"addresses": {"addresses", func(u *world.User, path string, value []byte) error {
		return replace(path, value, 1, &u.Addresses)
	}},
	"phonenumbers": {"phoneNumbers", func(u *world.User, path string, value []byte) error {
		return replace(path, value, 1, &u.PhoneNumbers)
	}},
	"roles": {"roles", func(u *world.User, path string, value []byte) error {
		return replace(path, value, 1, &u.Roles)
	}},
	"photos": {"photos", setPhotos},
}

// replace puts the list of a document, or none, in place of another.
func replace[T any](path string, value []byte, most int, field *[]T) error {
	if value == nil {
		*field = nil
		return nil
	}
	if err := structured(path, value, field); err != nil {
		return err
	}
	if len(*field) > most {
		return invalid("List attribute " + path + " exceeds allowed limit of " + strconv.Itoa(most))
	}
	return nil
}

func setEmails(u *world.User, path string, value []byte) error {
	var emails []world.ContactFile
	if err := replace(path, value, 1, &emails); err != nil {
		return err
	}
	return setEmail(u, emails)
}

// setEmail puts one e-mail address or none in place of another.
func setEmail(u *world.User, emails []world.ContactFile) error {
	u.Email, u.EmailType, u.EmailPrimary = "", "", false
	for _, e := range emails {
		if e.Value == "" {
			return required([]string{"emails.value"})
		}
		u.Email, u.EmailType, u.EmailPrimary = e.Value, e.Type, e.Primary
	}
	return nil
}

func setPhotos(u *world.User, path string, value []byte) error {
	if err := replace(path, value, maxPhotos, &u.Photos); err != nil {
		return err
	}
	for _, p := range u.Photos {
		if p.Value == "" {
			return required([]string{"photos.value"})
		}
	}
	return nil
}

// maxPhotos is the limit of the list of photos.
const maxPhotos = 3

// apply carries out one operation on a user.
func (h *handlers) apply(u *world.User, op *types.AttributeOperation) error {
	path := aws.ToString(op.AttributePath)
	key := strings.ToLower(path)
	value, err := decoded(op.AttributeValue)
	if err != nil {
		return err
	}
	root, _, part := strings.Cut(key, ".")
	if l, ok := lists[root]; ok {
		if part {
			return invalid("Unsupported update operation on multi-value attribute " + l.name +
				", please provide full replacement of Multi-Value attribute types")
		}
		return l.set(u, l.name, value)
	}
	switch key {
	case "name":
		return whole(path, value, &u.Name)
	case enterprise:
		return whole(path, value, &u.Enterprise)
	case enterprise + ".manager":
		return whole(path, value, &u.Enterprise.Manager)
	case "username":
		if *h.world.Switches.UserNameFixed {
			return invalid("The attribute userName cannot be updated.")
		}
	}
	return setText(texts(u)[key], path, key, value)
}

// whole puts a structure, or none, in place of another.
func whole[T any](path string, value []byte, field *T) error {
	if value == nil {
		*field = *new(T)
		return nil
	}
	return structured(path, value, field)
}

func setText(field *string, path, key string, value []byte) error {
	if field == nil {
		return invalid("The attribute path " + path + " cannot be updated.")
	}
	if value == nil {
		*field = ""
		return nil
	}
	most := maxText
	if key == "username" {
		most = maxUserName
	}
	text, err := textValue(path, value, most)
	*field = text
	return err
}

// complete refuses a user who lacks what IAM Identity Center requires, or has what
// it does not admit. An update may leave out what the user lacked before it, who
// is as a world file made them; before is nil for a new one.
func complete(before, u *world.User) error {
	if u.UserName == "" {
		return invalid("userName is a required attribute")
	}
	if before == nil || u.UserName != before.UserName {
		if err := unreserved(u.UserName); err != nil {
			return err
		}
	}
	var absent []string
	for _, name := range []string{"displayname", "name.givenname", "name.familyname"} {
		had := before == nil || *texts(before)[name] != ""
		if had && *texts(u)[name] == "" {
			absent = append(absent, strings.TrimPrefix(name, "name."))
		}
	}
	if err := required(absent); err != nil {
		return err
	}
	if u.Birthdate != "" && !world.ValidBirthdate(u.Birthdate) {
		return invalid("birthdate: The attribute birthdate must have the format YYYY-MM-DD")
	}
	return nil
}
