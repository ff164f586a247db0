package world

import "time"

// Stack is a CloudFormation stack, as the world keeps it and as a world file has
// it. One that came from a [World] is not changed any more, nor is what its slices
// and maps hold; [World.ChangeStack] makes another in its place.
type Stack struct {
	// ID is arn:{partition}:cloudformation:{region}:{account}:stack/{name}/{UUID}.
	ID      string `yaml:"id"`
	Name    string `yaml:"name"`
	Account string `yaml:"account"`
	Region  string `yaml:"region"`
	// Status is a StackStatus of the API.
	Status       string    `yaml:"status"`
	StatusReason string    `yaml:"statusReason"`
	Created      time.Time `yaml:"created"`
	// Updated and Deleted are zero before the first time.
	Updated time.Time `yaml:"updated"`
	Deleted time.Time `yaml:"deleted"`

	// Input is what the stack is, or in an operation becomes.
	Input StackInput `yaml:"input"`
	// Before is what the stack was before an update that is not over, nil at rest.
	Before *StackState `yaml:"before"`
	// Leftover are resources that the roll-back of an update is still to delete.
	Leftover []StackResource `yaml:"leftover"`
	// Resources are the resources that there are, in the order in which they were made.
	Resources []StackResource `yaml:"resources"`
	Outputs   []StackOutput   `yaml:"outputs"`
	// Imports are the names of the exports that its template imports.
	Imports []string `yaml:"imports"`

	// DisableRollback, RetainExceptOnCreate and OnFailure are of the last operation.
	DisableRollback       bool   `yaml:"disableRollback"`
	RetainExceptOnCreate  bool   `yaml:"retainExceptOnCreate"`
	OnFailure             string `yaml:"onFailure"`
	TimeoutInMinutes      int32  `yaml:"timeoutInMinutes"`
	TerminationProtection bool   `yaml:"terminationProtection"`
	DeletionMode          string `yaml:"deletionMode"`
	// Policy is the stack policy in JSON, empty for none.
	Policy string `yaml:"policy"`
	// ChangeSetID is of the change set that was executed last.
	ChangeSetID string `yaml:"changeSetId"`
	// Token and Operation are the client request token and kind of the last operation.
	Token     string `yaml:"token"`
	Operation string `yaml:"operation"`
	// Cancelled says that the update that runs shall end.
	Cancelled bool `yaml:"cancelled"`
	// Events in their order, the oldest first.
	Events     []StackEvent `yaml:"events"`
	ChangeSets []ChangeSet  `yaml:"changeSets"`
}

// StackInput is what a request gives to a stack or change set.
type StackInput struct {
	Description string `yaml:"description"`
	// Template is the text as it was given.
	Template         string            `yaml:"template"`
	Parameters       []StackParameter  `yaml:"parameters"`
	Tags             map[string]string `yaml:"tags"`
	Capabilities     []string          `yaml:"capabilities"`
	NotificationARNs []string          `yaml:"notificationArns"`
	// RoleARN is the service role, empty for the caller's own rights.
	RoleARN string `yaml:"roleArn"`
}

// StackParameter is the value of a parameter, in clear also with NoEcho.
type StackParameter struct {
	Key    string `yaml:"key"`
	Value  string `yaml:"value"`
	NoEcho bool   `yaml:"noEcho"`
}

// StackState is what an update that fails is rolled back to.
type StackState struct {
	Input     StackInput      `yaml:"input"`
	Resources []StackResource `yaml:"resources"`
	Outputs   []StackOutput   `yaml:"outputs"`
	Imports   []string        `yaml:"imports"`
}

// StackResource is a resource of a stack.
type StackResource struct {
	LogicalID  string `yaml:"logicalId"`
	PhysicalID string `yaml:"physicalId"`
	Type       string `yaml:"type"`
	// Status is a ResourceStatus of the API.
	Status       string    `yaml:"status"`
	StatusReason string    `yaml:"statusReason"`
	Updated      time.Time `yaml:"updated"`
	Description  string    `yaml:"description"`
	// Properties and Metadata are JSON with the functions evaluated.
	Properties string `yaml:"properties"`
	Metadata   string `yaml:"metadata"`
	// Attributes of Fn::GetAtt.
	Attributes map[string]string `yaml:"attributes"`
	// DependsOn are the logical ids of the resources that it needs.
	DependsOn           []string `yaml:"dependsOn"`
	DeletionPolicy      string   `yaml:"deletionPolicy"`
	UpdateReplacePolicy string   `yaml:"updateReplacePolicy"`
}

// StackOutput is an output of a stack.
type StackOutput struct {
	Key         string `yaml:"key"`
	Value       string `yaml:"value"`
	Description string `yaml:"description"`
	Export      string `yaml:"export"`
}

// StackEvent is an event of a stack.
type StackEvent struct {
	ID           string    `yaml:"id"`
	LogicalID    string    `yaml:"logicalId"`
	PhysicalID   string    `yaml:"physicalId"`
	Type         string    `yaml:"type"`
	Status       string    `yaml:"status"`
	StatusReason string    `yaml:"statusReason"`
	Properties   string    `yaml:"properties"`
	Time         time.Time `yaml:"time"`
	Token        string    `yaml:"token"`
}

// ChangeSet is a change set of a stack.
type ChangeSet struct {
	// ID is arn:{partition}:cloudformation:{region}:{account}:changeSet/{name}/{UUID}.
	ID                  string        `yaml:"id"`
	Name                string        `yaml:"name"`
	Type                string        `yaml:"type"`
	Status              string        `yaml:"status"`
	StatusReason        string        `yaml:"statusReason"`
	ExecutionStatus     string        `yaml:"executionStatus"`
	Created             time.Time     `yaml:"created"`
	Comment             string        `yaml:"comment"`
	OnStackFailure      string        `yaml:"onStackFailure"`
	IncludeNestedStacks bool          `yaml:"includeNestedStacks"`
	Token               string        `yaml:"token"`
	Input               StackInput    `yaml:"input"`
	Changes             []StackChange `yaml:"changes"`
}

// StackChange is what a change set does to a resource.
type StackChange struct {
	Action       string        `yaml:"action"`
	LogicalID    string        `yaml:"logicalId"`
	PhysicalID   string        `yaml:"physicalId"`
	Type         string        `yaml:"type"`
	Replacement  string        `yaml:"replacement"`
	PolicyAction string        `yaml:"policyAction"`
	Scope        []string      `yaml:"scope"`
	Details      []StackDetail `yaml:"details"`
	// Before and After are the resource in JSON.
	Before string `yaml:"before"`
	After  string `yaml:"after"`
}

// StackDetail is a change to an attribute or property of a resource.
type StackDetail struct {
	Attribute          string `yaml:"attribute"`
	Name               string `yaml:"name"`
	RequiresRecreation string `yaml:"requiresRecreation"`
	Evaluation         string `yaml:"evaluation"`
	Source             string `yaml:"source"`
	CausingEntity      string `yaml:"causingEntity"`
	ChangeType         string `yaml:"changeType"`
	Before             string `yaml:"before"`
	After              string `yaml:"after"`
}
