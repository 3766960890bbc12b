package parserapi

var (
	DecodeDocument = decodeDocument
	DecodeLegacy   = decodeLegacy
	Passed         = passed
)
