package identitystore

import (
	"errors"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Values of ResourceType in a ResourceNotFoundException.
const (
	aUser       = "USER"
	aGroup      = "GROUP"
	aMembership = "GROUP_MEMBERSHIP"
	aStore      = "IDENTITY_STORE"
)

// notFound is worded as captured: "USER not found."
func notFound(kind, id string) error { return missing(kind, id, kind+" not found.") }

func missing(kind, id, message string) error {
	detail := map[string]any{"ResourceType": kind}
	if id != "" {
		detail["ResourceId"] = id
	}
	return &awswire.Error{Code: "ResourceNotFoundException", Message: message, Detail: detail}
}

func invalid(message string) error {
	return &awswire.Error{Code: "ValidationException", Message: message}
}

// conflicts are the texts of ConflictException. Those about the group's name and
// the membership are documented or captured; the others are like them.
var conflicts = map[error]string{
	world.ErrUserNameTaken:    "Duplicate UserName",
	world.ErrEmailTaken:       "Duplicate Email",
	world.ErrDisplayNameTaken: "Duplicate GroupDisplayName",
	world.ErrMembershipExists: "Member and Group relationship already exists",
}

// refusal is what the world's refusal of a change of a user, group or membership,
// by its id, is to the client. Other errors stay as they are.
func refusal(err error, id string) error {
	switch {
	case errors.Is(err, world.ErrNoUser):
		return notFound(aUser, id)
	case errors.Is(err, world.ErrNoGroup):
		return notFound(aGroup, id)
	case errors.Is(err, world.ErrNoMembership):
		return notFound(aMembership, id)
	case errors.Is(err, world.ErrDirectoryFull):
		return &awswire.Error{Code: "ServiceQuotaExceededException", Message: "The quota of the identity store is reached."}
	}
	if text, ok := conflicts[err]; ok {
		return &awswire.Error{Code: "ConflictException", Message: text, Detail: map[string]any{"Reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}}
	}
	return err
}

// required refuses what lacks attributes, whose names stand in small letters.
func required(absent []string) error {
	if len(absent) == 0 {
		return nil
	}
	texts := make([]string, len(absent))
	for i, name := range absent {
		texts[i] = name + ": The attribute " + name + " is required"
	}
	return invalid(strings.Join(texts, ", "))
}

// reserved are names that neither a user nor a group can have (API reference, CreateUser).
var reserved = []string{"Administrator", "AWSAdministrators"}

func unreserved(name string) error {
	for _, r := range reserved {
		if strings.EqualFold(r, name) {
			return invalid(r + " is a reserved name.")
		}
	}
	return nil
}
