package catalogue

// The parts of LoadEmbedded, LoadFolder and ValidateData that tests call alone.
var (
	CheckConsistency = checkConsistency
	ReadFolder       = readFolder
)
