package ctlcli

// CanaryForm is canaryForm for the tests.
var CanaryForm = canaryForm
