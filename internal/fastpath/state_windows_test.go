package fastpath_test

// systemStates are those of files that only Unix has.
var systemStates = states[:0:0]

// s3SystemStates are those of files that only Unix has.
var s3SystemStates = s3States[:0:0]
