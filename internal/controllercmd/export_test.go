package controllercmd

// CanaryForm is canaryForm for the tests.
var CanaryForm = canaryForm
