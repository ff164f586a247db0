package s3control

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// refusals are the errors of S3 Access Grants (S3 API reference, "Error
// responses", list of S3 Access Grants error codes). {value} is a quota.
var refusals = map[string]struct {
	status int
	text   string
}{
	"AccessGrantAlreadyExists":                    {http.StatusConflict, "The specified access grant already exists"},
	"AccessGrantsInstanceAlreadyExists":           {http.StatusConflict, "Access Grants Instance already exists"},
	"AccessGrantsInstanceNotEmptyError":           {http.StatusBadRequest, "Please clean up locations before deleting the access grants instance"},
	"AccessGrantsInstanceNotExistsError":          {http.StatusNotFound, "Access Grants Instance does not exist"},
	"AccessGrantsInstanceResourcePolicyNotExists": {http.StatusNotFound, "Access Grants Instance Resource Policy does not exist"},
	"AccessGrantsLocationAlreadyExistsError":      {http.StatusConflict, "The specified access grants location already exists"},
	"AccessGrantsLocationNotEmptyError":           {http.StatusBadRequest, "Please clean up access grants before deleting access grants location"},
	"AccessGrantsLocationsQuotaExceededError": {http.StatusConflict,
		"The access grants location quota has been exceeded. Access Grants Locations Quota: {value}. Please reach out to S3 if an increase is required."},
	"AccessGrantsQuotaExceededError": {http.StatusConflict,
		"The access grants quota has been exceeded. Access Grants Quota: {value}. Please reach out to S3 if an increase is required."},
	"InvalidAccessGrant":              {http.StatusBadRequest, "The specified Access Grant is invalid"},
	"InvalidAccessGrantsLocation":     {http.StatusBadRequest, "The specified Access Grants Location is invalid"},
	"InvalidIamRole":                  {http.StatusBadRequest, "The specified IAM Role is invalid"},
	"InvalidIdentityCenterInstance":   {http.StatusBadRequest, "The specified identity center instance is invalid"},
	"InvalidResourcePolicy":           {http.StatusBadRequest, "The specified Resource Policy is invalid"},
	"NoSuchAccessGrantError":          {http.StatusNotFound, "The specified access grant does not exist"},
	"NoSuchAccessGrantsLocationError": {http.StatusNotFound, "The specified access grants location does not exist"},
	"StsPackedPolicyTooLargeError":    {http.StatusBadRequest, "Serialized token too large for session"},
	"InvalidTags":                     {http.StatusBadRequest, "Tag keys cannot start with AWS reserved prefix for system tags."},
	"TooManyTags":                     {http.StatusBadRequest, "The number of tags exceeds the limit of 50 tags. Remove some tags and try again."},
}

// refuse is one of the refusals.
func refuse(code string) error {
	r := refusals[code]
	return &awswire.Error{Code: code, Status: r.status, Message: r.text}
}

// overQuota is the refusal of what a quota forbids.
func overQuota(code string, value int) error {
	r := refusals[code]
	return &awswire.Error{Code: code, Status: r.status, Message: strings.Replace(r.text, "{value}", strconv.Itoa(value), 1)}
}

// refused words what the world says about a change to an instance; other errors,
// nil included, stay as they are.
func refused(err error, quotas *world.AccessGrants) error {
	switch {
	case errors.Is(err, world.ErrLocationQuota):
		return overQuota("AccessGrantsLocationsQuotaExceededError", quotas.MaxLocations)
	case errors.Is(err, world.ErrGrantQuota):
		return overQuota("AccessGrantsQuotaExceededError", quotas.MaxGrants)
	}
	for known, code := range map[error]string{
		world.ErrAccessGrantsExist: "AccessGrantsInstanceAlreadyExists",
		world.ErrNoAccessGrants:    "AccessGrantsInstanceNotExistsError",
		world.ErrLocationExists:    "AccessGrantsLocationAlreadyExistsError",
		world.ErrNoLocation:        "NoSuchAccessGrantsLocationError",
		world.ErrLocationInUse:     "AccessGrantsLocationNotEmptyError",
		world.ErrGrantExists:       "AccessGrantAlreadyExists",
		world.ErrNoGrant:           "NoSuchAccessGrantError",
	} {
		if errors.Is(err, known) {
			return refuse(code)
		}
	}
	return err
}
